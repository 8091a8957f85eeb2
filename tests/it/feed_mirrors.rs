//! Mirrors: what each answer is taken for, and whom a line is trusted with.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portcullis::feed::mirror::{
    Directory, Https, HttpsError, HttpsSettings, Limits, Mirror, MirrorError, read_small,
};
use portcullis::ground::causes;
use portcullis::ground::storage::Disk;
use portcullis::ground::web::{Identity, system_roots};

use crate::support::web::{Authority, Pair, Web, head, right, right_head};

const PATH: &str = "metadata/timestamp.json";

/// For lines that are to be given up: so that a test need not wait long.
pub(crate) const HASTY: Limits = Limits {
    bytes_per_second_max: None,
    bytes_per_second_min: 1000,
    window: Duration::from_millis(400),
    connect_timeout: Duration::from_secs(5),
    stall_timeout: Duration::from_secs(1),
};

pub(crate) fn settings(url: &str) -> HttpsSettings<'_> {
    HttpsSettings { url, roots_pem: None, identity: None, proxy: None, plain_http: false }
}

pub(crate) fn mirror(web: &Web) -> Https {
    mirror_within(web, &Limits::default())
}

pub(crate) fn mirror_within(web: &Web, limits: &Limits) -> Https {
    Https::new(&settings(&web.url()), limits).unwrap()
}

fn read(mirror: &dyn Mirror) -> Result<Vec<u8>, MirrorError> {
    read_small(mirror, PATH, 1000)
}

fn rest(mirror: &dyn Mirror, from: u64, length: Option<u64>) -> Result<(u64, Vec<u8>), MirrorError> {
    let mut opened = mirror.open(PATH, from, length)?;
    let mut bytes = Vec::new();
    opened.bytes.read_to_end(&mut bytes).map_err(MirrorError::of_read)?;
    Ok((opened.from, bytes))
}

#[test]
fn a_small_file_is_read_whole_and_one_that_is_too_long_is_not() {
    let web = Web::of(&[b'x'; 1000]);
    assert_eq!(read(&mirror(&web)).unwrap(), [b'x'; 1000]);
    assert_eq!(web.asked()[0].path(), "/feed/metadata/timestamp.json");
    assert!(matches!(read_small(&mirror(&web), PATH, 999), Err(MirrorError::TooLong { bytes_max: 999 })));
}

#[test]
fn a_file_without_an_end_is_cut_off() {
    let web = Web::start(|_, out| {
        head(out, 200, &[])?;
        loop {
            out.write_all(&[b' '; 4096])?;
        }
    });
    assert!(matches!(read(&mirror(&web)), Err(MirrorError::TooLong { bytes_max: 1000 })));
}

#[test]
fn only_404_and_410_say_that_there_is_no_file() {
    for status in [404, 410] {
        let web = Web::start(move |_, out| head(out, status, &[("Content-Length", "0".into())]));
        assert!(matches!(read(&mirror(&web)), Err(MirrorError::NotFound)), "{status}");
    }
    for status in [204, 206, 301, 302, 307, 401, 403, 416, 429, 500, 503] {
        let web = Web::start(move |_, out| {
            head(out, status, &[("Content-Length", "0".into()), ("Location", "/feed/elsewhere".into())])
        });
        let refused = read(&mirror(&web));
        assert!(
            matches!(refused, Err(MirrorError::Refused { status: found }) if found == status),
            "{refused:?}"
        );
        assert_eq!(web.asked().len(), 1, "a redirect is not followed");
    }
}

#[test]
fn a_file_is_read_on_from_a_byte() {
    let web = Web::of(b"0123456789");
    assert_eq!(rest(&mirror(&web), 4, Some(10)).unwrap(), (4, b"456789".to_vec()));
    assert_eq!(rest(&mirror(&web), 4, None).unwrap(), (4, b"456789".to_vec()));
    assert!(matches!(rest(&mirror(&web), 10, Some(10)), Err(MirrorError::Range { from: 10 })));
    let short = rest(&mirror(&web), 11, Some(12));
    assert!(matches!(short, Err(MirrorError::WrongLength { told: 10, length: 12 })), "{short:?}");
}

#[test]
fn a_server_that_does_not_know_ranges_says_where_it_begins() {
    let web = Web::start(|_, out| {
        head(out, 200, &[("Content-Length", "10".into())])?;
        out.write_all(b"0123456789")
    });
    assert_eq!(rest(&mirror(&web), 4, Some(10)).unwrap(), (0, b"0123456789".to_vec()));
}

#[test]
fn a_part_that_begins_elsewhere_or_does_not_say_where_is_refused() {
    for range in ["bytes 3-9/10", "bytes 5-9/10", "bytes 4-3/10", "nonsense", ""] {
        let web = Web::start(move |_, out| {
            head(out, 206, &[("Content-Length", "6".into()), ("Content-Range", range.into())])?;
            out.write_all(b"456789")
        });
        let refused = rest(&mirror(&web), 4, Some(10));
        assert!(matches!(refused, Err(MirrorError::Range { from: 4 })), "{range}: {refused:?}");
    }
}

#[test]
fn a_length_other_than_the_signed_one_is_refused_before_a_byte_is_taken() {
    let web = Web::of(b"0123456789");
    for from in [0, 4] {
        let refused = rest(&mirror(&web), from, Some(11));
        assert!(matches!(refused, Err(MirrorError::WrongLength { told: 10, length: 11 })), "{refused:?}");
    }
}

#[test]
fn a_line_that_ends_early_or_speaks_no_http_is_an_error() {
    let cut = Web::start(|asked, out| {
        right_head(asked, 10, out)?;
        out.write_all(b"012")
    });
    assert!(matches!(read(&mirror(&cut)), Err(MirrorError::Line { .. })));
    let silent = Web::start(|_, _| Ok(()));
    assert!(matches!(read(&mirror(&silent)), Err(MirrorError::Line { .. })));
    let other = Web::start(|_, out| out.write_all(b"220 mail.example ESMTP\r\n\r\n\r\n"));
    assert!(matches!(read(&mirror(&other)), Err(MirrorError::Line { .. })));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Https::new(&settings(&format!("http://{nobody}/")), &Limits::default()).unwrap();
    assert!(matches!(read(&nobody), Err(MirrorError::Line { .. })));
}

#[test]
fn a_line_that_brings_nothing_is_given_up_in_the_head_and_in_the_body() {
    let begun = Instant::now();
    let in_head = Web::start(|_, _| {
        std::thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let stalled = read(&mirror_within(&in_head, &HASTY));
    assert!(
        matches!(stalled, Err(MirrorError::Stalled { after }) if after == HASTY.stall_timeout),
        "{stalled:?}"
    );
    let in_body = Web::start(|asked, out| {
        right_head(asked, 10, out)?;
        out.write_all(b"012")?;
        std::thread::sleep(Duration::from_secs(20));
        Ok(())
    });
    let stalled = read(&mirror_within(&in_body, &HASTY));
    assert!(matches!(stalled, Err(MirrorError::Stalled { .. })), "{stalled:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_line_that_brings_a_byte_now_and_then_is_given_up() {
    let begun = Instant::now();
    let in_body = Web::start(|asked, out| {
        right_head(asked, 900, out)?;
        asked.drip();
        out.write_all(&[b'x'; 900])
    });
    let slow = read(&mirror_within(&in_body, &HASTY));
    assert!(matches!(slow, Err(MirrorError::TooSlow { bytes_per_second_min: 1000, .. })), "{slow:?}");
    let in_head = Web::start(|asked, out| {
        asked.drip();
        right(asked, b"x", out)
    });
    let slow = read(&mirror_within(&in_head, &HASTY));
    assert!(matches!(slow, Err(MirrorError::Stalled { .. })), "{slow:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_line_is_used_again_and_each_answer_is_waited_for_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut line, _) = listener.accept().unwrap();
        drop(listener);
        let mut asked = [0; 4096];
        while line.read(&mut asked).is_ok_and(|read| read > 0) {
            std::thread::sleep(HASTY.window / 2);
            line.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").unwrap();
            std::thread::sleep(HASTY.window / 2);
            line.write_all(b"{}").unwrap();
        }
    });
    let mirror = Https::new(&settings(&url), &HASTY).unwrap();
    for _ in 0..4 {
        assert_eq!(read(&mirror).unwrap(), b"{}");
    }
}

#[test]
fn a_record_of_tls_that_comes_a_byte_now_and_then_is_given_up() {
    let authority = Authority::new();
    let web = Web::start_with(Some(authority.server(None)), |asked, out| {
        right_head(asked, 900, out)?;
        out.flush()?;
        asked.drip();
        out.write_all(&[b'x'; 900])
    });
    let begun = Instant::now();
    let slow = read(&over_tls(&web, &authority, None).unwrap());
    assert!(matches!(slow, Err(MirrorError::TooSlow { .. })), "{slow:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

fn over_tls(web: &Web, authority: &Authority, identity: Option<Identity<'_>>) -> Result<Https, HttpsError> {
    let url = format!("https://localhost:{}/feed", web.address.port());
    let roots = authority.pem();
    Https::new(&HttpsSettings { roots_pem: Some(roots.as_bytes()), identity, ..settings(&url) }, &HASTY)
}

fn identity(pair: &Pair) -> Identity<'_> {
    Identity { certificates_pem: pair.certificate.as_bytes(), key_pem: pair.key.as_bytes() }
}

#[test]
fn over_tls_only_a_server_that_the_authorities_vouch_for_is_read() {
    let (authority, other) = (Authority::new(), Authority::new());
    let web = Web::start_with(Some(authority.server(None)), |asked, out| right(asked, b"{}", out));
    assert_eq!(read(&over_tls(&web, &authority, None).unwrap()).unwrap(), b"{}");
    let untrusted = read(&over_tls(&web, &other, None).unwrap());
    assert!(matches!(untrusted, Err(MirrorError::Tls { .. })), "{untrusted:?}");
    assert_eq!(web.asked().len(), 1, "nothing was asked of a server that is not trusted");
    let misnamed = format!("https://127.0.0.1:{}/feed", web.address.port());
    let roots = authority.pem();
    let misnamed = HttpsSettings { roots_pem: Some(roots.as_bytes()), ..settings(&misnamed) };
    assert!(matches!(
        read(&Https::new(&misnamed, &Limits::default()).unwrap()),
        Err(MirrorError::Tls { .. })
    ));
}

#[test]
fn a_server_that_asks_who_comes_is_shown_the_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let web = Web::start_with(Some(authority.server(Some(&clients))), |asked, out| right(asked, b"{}", out));
    let (known, stranger) = (clients.issue("site-7"), authority.issue("site-7"));
    assert_eq!(read(&over_tls(&web, &authority, Some(identity(&known))).unwrap()).unwrap(), b"{}");
    for identity in [None, Some(identity(&stranger))] {
        let refused = read(&over_tls(&web, &authority, identity).unwrap());
        assert!(matches!(refused, Err(MirrorError::Tls { .. })), "{refused:?}");
    }
    assert_eq!(web.asked().len(), 1);
    let mixed = Identity { key_pem: stranger.key.as_bytes(), ..identity(&known) };
    assert!(matches!(over_tls(&web, &authority, Some(mixed)), Err(HttpsError::Identity)));
}

#[test]
fn settings_that_cannot_work_are_refused_and_shown_to_nobody() {
    let authority = Authority::new();
    let (pair, roots) = (authority.issue("site-7"), authority.pem());
    let (certificate, key) = (pair.certificate.as_bytes(), pair.key.as_bytes());
    let url = "https://user:secret@feeds.example/?sig=secret";
    let good = || HttpsSettings { roots_pem: Some(roots.as_bytes()), ..settings(url) };
    let identity = |certificates_pem, key_pem| HttpsSettings {
        identity: Some(Identity { certificates_pem, key_pem }),
        ..good()
    };
    let refused = |settings: &HttpsSettings<'_>| {
        let error = Https::new(settings, &Limits::default()).unwrap_err();
        let shown = format!("{} {error:?}", causes(&error));
        assert!(!shown.contains("secret"), "{shown}");
        error
    };
    for bad in ["", "secret", "/secret", "ftp://secret/", "https://", "https:///secret", "https://a b/secret"]
    {
        assert!(matches!(refused(&HttpsSettings { url: bad, ..good() }), HttpsError::Url), "{bad}");
    }
    for pem in [None, Some(&b""[..]), Some(b"secret"), Some(key)] {
        assert!(matches!(refused(&HttpsSettings { roots_pem: pem, ..good() }), HttpsError::Roots));
    }
    let cut = &certificate[..certificate.len() - 60];
    for (certificates, key) in
        [(&b""[..], key), (certificate, b""), (certificate, certificate), (key, key), (cut, key)]
    {
        assert!(matches!(refused(&identity(certificates, key)), HttpsError::Identity));
    }
    assert!(Https::new(&identity(certificate, key), &Limits::default()).is_ok());
    for bad in ["", "http://", "socks5://user:secret@proxy.example", "ftp://secret"] {
        assert!(matches!(refused(&HttpsSettings { proxy: Some(bad), ..good() }), HttpsError::Proxy), "{bad}");
    }
}

#[test]
fn without_tls_only_this_machine_is_asked_unless_it_is_allowed() {
    for near in ["http://localhost:8080/", "http://127.0.0.1/", "http://127.9.9.9:1/", "http://[::1]:8080/a"]
    {
        assert!(Https::new(&settings(near), &Limits::default()).is_ok(), "{near}");
    }
    for far in
        ["http://feeds.example/", "http://10.0.0.1/", "http://localhost.example/", "http://a@localhost.b/"]
    {
        assert!(matches!(Https::new(&settings(far), &Limits::default()), Err(HttpsError::Plain)), "{far}");
        let allowed = HttpsSettings { plain_http: true, ..settings(far) };
        assert!(Https::new(&allowed, &Limits::default()).is_ok(), "{far}");
    }
}

#[test]
fn credentials_and_query_are_sent_and_not_shown() {
    let web = Web::start(|_, out| head(out, 403, &[("Content-Length", "0".into())]));
    let url = format!("http://offic%65r:se%3Acret@{}/feed?sig=secret", web.address);
    let mirror = Https::new(&settings(&url), &Limits::default()).unwrap();
    let refused = read(&mirror).unwrap_err();
    let shown = format!("{} {mirror:?} {refused} {refused:?}", mirror.name());
    assert!(!shown.contains("cret") && !shown.contains("offic"), "{shown}");
    assert_eq!(mirror.name(), format!("http://{}/feed/", web.address));
    let asked = &web.asked()[0];
    assert_eq!(asked.path(), "/feed/metadata/timestamp.json?sig=secret");
    // `officer:se:cret`
    assert_eq!(asked.header("authorization"), Some("Basic b2ZmaWNlcjpzZTpjcmV0"));
    assert_eq!(asked.header("host"), Some(web.address.to_string().as_str()));
    assert_eq!(asked.header("accept-encoding"), Some("identity"));
}

/// A proxy that lets through whom it knows, and what it was asked.
fn proxy(status: u16) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let kept = heads.clone();
    std::thread::spawn(move || {
        for mut near in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                near.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap().to_owned();
            kept.lock().unwrap().push(head);
            near.write_all(format!("HTTP/1.1 {status} Said\r\n\r\n").as_bytes()).unwrap();
            if status == 200 {
                let far = TcpStream::connect(target).unwrap();
                let (mut up, mut down) = ((near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near));
                std::thread::spawn(move || std::io::copy(&mut up.0, &mut up.1));
                std::thread::spawn(move || std::io::copy(&mut down.0, &mut down.1));
            }
        }
    });
    (format!("http://user:secret@{address}"), heads)
}

#[test]
fn a_proxy_is_gone_through_and_shown_its_credentials() {
    let authority = Authority::new();
    let (url, heads) = proxy(200);
    let web = Web::start_with(Some(authority.server(None)), |asked, out| right(asked, b"{}", out));
    let target = format!("https://localhost:{}/feed", web.address.port());
    let roots = authority.pem();
    let through = HttpsSettings { proxy: Some(&url), roots_pem: Some(roots.as_bytes()), ..settings(&target) };
    assert_eq!(read(&Https::new(&through, &Limits::default()).unwrap()).unwrap(), b"{}");
    let heads = heads.lock().unwrap();
    assert!(heads[0].starts_with(&format!("CONNECT localhost:{} ", web.address.port())), "{heads:?}");
    assert!(heads[0].to_lowercase().contains("proxy-authorization: basic dxnlcjpzzwnyzxq="), "{heads:?}");
    assert_eq!(web.asked()[0].header("proxy-authorization"), None);
}

#[test]
fn a_proxy_that_refuses_is_told_of_without_its_credentials() {
    let (url, _) = proxy(407);
    let web = Web::of(b"{}");
    let target = web.url();
    let mirror =
        Https::new(&HttpsSettings { proxy: Some(&url), ..settings(&target) }, &Limits::default()).unwrap();
    let refused = read(&mirror).unwrap_err();
    assert!(matches!(refused, MirrorError::Line { .. }), "{refused:?}");
    let shown = format!("{mirror:?} {} {refused:?}", causes(&refused));
    assert!(shown.contains("407") && !shown.contains("secret"), "{shown}");
    assert_eq!(web.asked().len(), 0, "nothing goes past the proxy");
}

#[test]
fn the_machines_authorities_are_read_where_there_are_any() {
    match system_roots(&Disk) {
        Ok(roots) => {
            let settings =
                HttpsSettings { roots_pem: Some(&roots), ..settings("https://feeds.example/documents") };
            assert_eq!(
                Https::new(&settings, &Limits::default()).unwrap().name(),
                "https://feeds.example/documents/"
            );
        }
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
}

fn folder(root: &Path) -> Directory {
    Directory::new(Arc::new(Disk), root)
}

#[test]
fn a_folder_is_a_mirror() {
    let stick = tempfile::tempdir().unwrap();
    let root = stick.path().join("feed");
    assert!(matches!(read(&folder(&root)), Err(MirrorError::NotFound)), "the stick is not there");
    std::fs::create_dir_all(root.join("metadata/sub.json")).unwrap();
    assert!(matches!(read(&folder(&root)), Err(MirrorError::NotFound)));
    std::fs::write(root.join(PATH), b"0123456789").unwrap();
    assert_eq!(read(&folder(&root)).unwrap(), b"0123456789");
    assert_eq!(rest(&folder(&root), 4, Some(10)).unwrap(), (4, b"456789".to_vec()));
    let longer = rest(&folder(&root), 4, Some(11));
    assert!(matches!(longer, Err(MirrorError::WrongLength { told: 10, length: 11 })));
    assert!(matches!(read_small(&folder(&root), PATH, 9), Err(MirrorError::TooLong { bytes_max: 9 })));
    let sub = read_small(&folder(&root), "metadata/sub.json", 9);
    assert!(matches!(sub, Err(MirrorError::Read { .. })), "{sub:?}");
    assert_eq!(folder(&root).name(), root.display().to_string());
}

#[test]
fn no_mirror_is_asked_for_what_lies_outside_of_the_repository() {
    let stick = tempfile::tempdir().unwrap();
    std::fs::create_dir(stick.path().join("metadata")).unwrap();
    std::fs::write(stick.path().join("secret"), b"secret").unwrap();
    let web = Web::of(b"{}");
    let (folder, https) = (folder(stick.path()), mirror(&web));
    for path in
        ["secret", "metadata/../secret", "metadata/a?b", "metadata/a b", "metadata/a\r\nX: y", "other/a"]
    {
        for mirror in [&folder as &dyn Mirror, &https] {
            assert!(matches!(read_small(mirror, path, 9), Err(MirrorError::Path { .. })), "{path:?}");
        }
    }
    assert_eq!(web.asked().len(), 0);
}
