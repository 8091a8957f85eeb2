//! What a carrier sees of it: answers over HTTP, of a service that carriers reach.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::driver::{Connection, Server};
use crate::site::{Asked, body, is_hidden, serve};
use crate::table::Table;
use crate::welch::{Sorts, T_MAX};

const WARM_UP: u64 = 500;
const CONNECTIONS: usize = 16;

const CHECKS: (&str, &str) = ("/v1/checks", "application/json");
const MANIFESTS: (&str, &str) = ("/v1/manifests", "application/x-ndjson");

pub(crate) fn measure(table: &Table, folder: &Path, site: &Path, samples: u64) {
    table.note(&format!("what carriers see, of {samples} answers of each sort or more"));
    let seen = |times: Sorts, what: &str| times.report(table, what, Some(T_MAX));
    let server = serve(folder, site, "carrier", 2);
    seen(one_after_another(&server, samples, CHECKS, 1), "one connection");
    seen(side_by_side(&server, samples), "16 connections");
    seen(one_after_another(&server, samples, MANIFESTS, 1), "manifests of a line");
    seen(one_after_another(&server, samples / 2, MANIFESTS, 64), "manifests of 64 lines");
    drop(server);
    // Of one thread, so that the two are in each other's way.
    let server = serve(folder, site, "carrier", 1);
    seen(neighbours(&server, samples), "the next on a thread");
}

/// Questions of so many lines, all of them of one sort.
fn one_after_another(server: &Server, samples: u64, ask: (&str, &str), lines: usize) -> Sorts {
    let mut connection = Connection::open(server.address);
    let (mut asked, mut times) = (Asked(11), Sorts::default());
    for sample in 0..(2 * samples + WARM_UP) {
        let value = asked.next();
        let alike =
            std::iter::repeat_with(|| asked.next()).filter(|other| is_hidden(*other) == is_hidden(value));
        let bodies: Vec<_> = alike.take(lines).map(body).collect();
        if ask == MANIFESTS {
            // Whoever streams is answered before all is read, and so but once.
            connection = Connection::open(server.address);
        }
        let time = ask_for(&mut connection, ask, &bodies.join("\n"));
        if sample >= WARM_UP {
            times.take(is_hidden(value), time);
        }
    }
    times
}

fn side_by_side(server: &Server, samples: u64) -> Sorts {
    let each = 2 * samples / CONNECTIONS as u64 * 4;
    let asking = |address: SocketAddr, seed: u64| {
        let mut connection = Connection::open(address);
        let (mut asked, mut times) = (Asked(seed), Sorts::default());
        for sample in 0..(each + WARM_UP) {
            let value = asked.next();
            let time = ask_for(&mut connection, CHECKS, &body(value));
            if sample >= WARM_UP {
                times.take(is_hidden(value), time);
            }
        }
        times
    };
    let mut times = Sorts::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (1..=CONNECTIONS as u64).map(|seed| scope.spawn(move || asking(server.address, seed))).collect();
        threads.into_iter().for_each(|thread| times.append(thread.join().expect("it asks to the end")));
    });
    times
}

/// A question of either sort, and behind it on another connection one without a hidden alert: the times of that one.
fn neighbours(server: &Server, samples: u64) -> Sorts {
    let (mut first, mut next) = (Connection::open(server.address), Connection::open(server.address));
    let (mut asked, mut times) = (Asked(13), Sorts::default());
    for sample in 0..(2 * samples + WARM_UP) {
        let values = [asked.next(), asked.next_without()];
        let bodies = values.map(body);
        first.send(CHECKS.0, CHECKS.1, &bodies[0]);
        let started = Instant::now();
        next.send(CHECKS.0, CHECKS.1, &bodies[1]);
        assert!(next.receive(), "the server answers");
        let time = started.elapsed();
        assert!(first.receive(), "the server answers");
        if sample >= WARM_UP {
            times.take(is_hidden(values[0]), time);
        }
    }
    times
}

fn ask_for(connection: &mut Connection, (path, media_type): (&str, &str), body: &str) -> Duration {
    let started = Instant::now();
    assert!(connection.post(path, media_type, body), "the server answers");
    let time = started.elapsed();
    let told = String::from_utf8_lossy(&connection.answer);
    assert!(told.contains(r#""verdict":"no_hit""#) && !told.contains(r#""verdict":"hit""#), "{told}");
    time
}
