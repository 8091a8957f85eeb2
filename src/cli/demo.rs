//! `portcullis demo`: everything at once, on made-up data.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::app::{AppError, Server, start_logging};
use portcullis::config::{LogLevel, Settings};
use portcullis::register::generate::Generator;
use serde_json::Value;

use super::arguments::{Demo, Generate, Import, RegisterFormat};
use super::samples::{self, Sample};
use super::{generate, import, serve, site};

const SEED: u64 = 1;
const FEED: &str = "demo";

pub(super) fn run(arguments: &Demo) -> anyhow::Result<ExitCode> {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    // A busy port is said before a minute of work, not after it.
    drop(TcpListener::bind(bind).map_err(|source| AppError::bind(bind, source))?);
    let data = data_dir(arguments.data.as_deref());
    println!("1. A synthetic register of {} records", arguments.records);
    let register = data.join("register.csv.zst");
    site::disk().create_dir_all(&data).with_context(|| format!("cannot create {}", data.display()))?;
    generate::run(&Generate {
        records: arguments.records,
        seed: SEED,
        like: None,
        dirty: 0.0,
        out: register.clone(),
    })?;
    println!("\n2. Imported as the feed `{FEED}`");
    import::run(&Import {
        data: data.clone(),
        feed: FEED.to_owned(),
        format: RegisterFormat::Csv,
        mapping: None,
        as_of: None,
        rejects: None,
        max_rejects: 0.0,
        max_shrink: 1.0,
        accept_shrink: true,
        memory_max_mib: 64,
        delta: false,
        dry_run: false,
        report: None,
        files: vec![register],
    })?;
    println!("\n3. The service");
    let mut settings = Settings::defaults_for(&data);
    settings.service.bind = bind;
    settings.log.level = LogLevel::Warn;
    start_logging(&settings.log);
    let samples = samples::choose(Generator::new(SEED, arguments.records))?;
    actix_web::rt::System::new().block_on(serve_samples(&settings, &samples, arguments.once))
}

async fn serve_samples(settings: &Settings, samples: &[Sample; 4], once: bool) -> anyhow::Result<ExitCode> {
    let server = Server::start(settings, site::disk(), site::clock())?;
    let (address, handle) = (server.address(), server.handle());
    println!("   listening on http://{address}, data in {}", settings.data_dir.display());
    let serving = actix_web::rt::spawn(serve::until_told(server));
    let requests: Vec<_> = samples.iter().map(|sample| sample.request.clone()).collect();
    let asked = actix_web::rt::task::spawn_blocking(move || {
        requests.iter().map(|request| samples::ask(address, request)).collect::<anyhow::Result<Vec<_>>>()
    });
    let answers = asked.await.context("the samples were not asked")??;
    let wrong = show(samples, &answers);
    if once {
        handle.stop(true).await;
        serving.await.context("the service did not end")??;
        if wrong > 0 {
            bail!("{wrong} of the sample checks came out wrong");
        }
        return Ok(ExitCode::SUCCESS);
    }
    print_curl(address, samples);
    serving.await.context("the service did not end")??;
    Ok(ExitCode::SUCCESS)
}

fn data_dir(given: Option<&Path>) -> PathBuf {
    let own = || std::env::temp_dir().join(format!("portcullis-demo-{}", std::process::id()));
    given.map_or_else(own, Path::to_owned)
}

/// Prints what was asked and answered; returns how many answers are not what they must be.
fn show(samples: &[Sample; 4], answers: &[Value]) -> usize {
    let mut wrong = 0;
    for (sample, answer) in samples.iter().zip(answers) {
        let verdict = answer["verdict"].as_str().unwrap_or("?");
        println!("\n   {}\n     verdict     {verdict}", sample.title);
        let list = |key: &str, of: &dyn Fn(&Value) -> String| {
            for item in answer[key].as_array().into_iter().flatten() {
                println!("     {:<11} {}", key.trim_end_matches('s'), of(item));
            }
        };
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        list("findings", &|item| {
            format!(
                "{} {}, match {}",
                text(&item["status"]),
                text(&item["document"]["kind"]),
                text(&item["match"])
            )
        });
        list("reasons", &|item| format!("{}, remedy: {}", text(&item["code"]), text(&item["remedy"])));
        list("candidates", &|item| {
            format!(
                "{} {}, differs: {}",
                text(&item["status"]),
                text(&item["document"]["number"]),
                text(&item["differs"])
            )
        });
        let generation = &answer["coverage"]["generation"]["number"];
        println!(
            "     proof       generation {generation}, entry {} of {}",
            answer["audit"]["entry_id"],
            text(&answer["audit"]["log_id"])
        );
        if verdict != sample.expected {
            println!("     WRONG       it must be {}", sample.expected);
            wrong += 1;
        }
    }
    wrong
}

fn print_curl(address: SocketAddr, samples: &[Sample; 4]) {
    println!("\n4. Ask yourself (numbers go through a pipe, so that no process list shows them):");
    for sample in samples {
        println!("\n# {}", sample.title);
        let request = sample.request.to_string().replace('\\', "\\\\").replace('%', "%%");
        println!(
            "printf '{request}' | curl -sS http://{address}/v1/checks -H 'Content-Type: application/json' --data @-"
        );
    }
    println!("\n# what the answers rest on\ncurl -sS http://{address}/v1/coverage");
    println!("\nServing until Ctrl-C.");
}
