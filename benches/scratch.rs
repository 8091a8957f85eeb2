//! Scratch.
#![allow(clippy::all, missing_docs, unused)]
use portcullis::domain::*;
use portcullis::ground::platform::{Vectors, prefetch};
use portcullis::index::table::*;
use portcullis::index::*;
use portcullis::register::generate::Generator;
use std::hint::black_box;
use std::time::Instant;
fn main() {
    let n: usize = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(20_000_000);
    let mut seed = 88172645463325252u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mixer = Mixer::UNSEEDED;
    let step = (1u64 << 56) / n as u64;
    let entries: Vec<Entry> =
        (0..n as u64).map(|i| (i * step + next() % step, 5 + (next() % 1000) as u32)).collect();
    let plan = Plan::of(mixer, &entries);
    let mut bytes: Vec<u8> = Vec::with_capacity(plan.len() as usize + 4096);
    let off = (4096 - bytes.as_ptr().addr() % 4096) % 4096;
    bytes.resize(off, 0);
    {
        let mut w = plan.writing();
        let mut f = |b: &[u8]| {
            bytes.extend_from_slice(b);
            Ok::<_, ()>(())
        };
        for e in &entries {
            w.add(*e, &mut f).unwrap();
        }
        w.finish(&mut f).unwrap();
    }
    let shape = plan.shape();
    let shape = Shape { ..shape };
    let body = &bytes[off..];
    drop(entries);
    const Q: usize = 1 << 20;
    let docs: Vec<DocumentId> =
        Generator::new(2, 1 << 40).map(|n| n.document).filter(|d| Key::pack(d).is_some()).take(Q).collect();
    let hs: Vec<u64> = docs.iter().map(|d| mixer.mix(Key::pack(d).unwrap().bits())).collect();
    let lines: &[[u8; 64]] = body.as_chunks().0;
    let places: Vec<usize> = hs.iter().map(|h| Place::of(*h, shape.buckets[0]).bucket as usize).collect();
    let time = |name: &str, f: &mut dyn FnMut()| {
        let mut best: Vec<f64> = (0..9)
            .map(|_| {
                let s = Instant::now();
                f();
                s.elapsed().as_nanos() as f64 / Q as f64
            })
            .collect();
        best.sort_by(f64::total_cmp);
        println!("{name:<30} {:.2} (min {:.2})", best[4], best[0]);
    };
    time("pack", &mut || {
        black_box(docs.iter().fold(0, |a, d| a ^ Key::pack(d).map_or(0, |k| k.bits())));
    });
    time("pack+mix", &mut || {
        black_box(docs.iter().fold(0, |a, d| a ^ Key::pack(d).map_or(0, |k| mixer.mix(k.bits()))));
    });
    time("pack small", &mut || {
        for _ in 0..Q / 8192 {
            black_box(docs[..8192].iter().fold(0, |a, d| a ^ Key::pack(d).map_or(0, |k| k.bits())));
        }
    });
    let nine: Vec<DocumentId> =
        docs.iter().filter(|d| d.number.as_bytes().len() == 9).copied().take(8192).collect();
    let lens: Vec<usize> =
        (0..24).map(|l| docs.iter().filter(|d| d.number.as_bytes().len() == l).count()).collect();
    println!("{lens:?} size {}", size_of::<DocumentId>());
    time("pack small nine", &mut || {
        for _ in 0..Q / 8192 {
            black_box(nine.iter().fold(0, |a, d| a ^ Key::pack(d).map_or(0, |k| k.bits())));
        }
    });
    time("touch docs", &mut || {
        black_box(docs.iter().fold(0, |a, d| a ^ u64::from(d.number.as_bytes()[0])));
    });
    let mut v = Vec::new();
    time("pack+mix vec", &mut || {
        for g in docs.chunks(1024) {
            v.clear();
            v.extend(g.iter().filter_map(|d| Key::pack(d).map(|k| mixer.mix(k.bits()))));
            black_box(&v);
        }
    });
    time("bare grouped", &mut || {
        let mut all = 0;
        for g in places.chunks(32) {
            g.iter().for_each(|p| prefetch(&lines[*p]));
            all = g.iter().fold(all, |a, p| a ^ lines[*p][7]);
        }
        black_box(all);
    });
    time("bare", &mut || {
        black_box(places.iter().fold(0, |a, p| a ^ lines[*p][7]));
    });
    for vectors in Vectors::all() {
        let table = shape.table(vectors, body).unwrap();
        let mut out = Vec::new();
        time(&format!("batch {}", vectors.name()), &mut || {
            for g in hs.chunks(1024) {
                out.clear();
                table.find_batch(g, &mut out).unwrap();
                black_box(&out);
            }
        });
        time(&format!("single {}", vectors.name()), &mut || {
            black_box(hs.iter().fold(0, |a, h| a ^ table.find(*h ^ (a as u64 & 0)).unwrap()));
        });
    }
}
