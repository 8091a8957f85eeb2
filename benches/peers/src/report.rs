//! What is told at the end.

use serde_json::json;

use crate::measure::Figures;
use crate::roster::Contender;

/// A peer's time must be more than this times ours.
const RATIO_LIMIT: f64 = 1.0;

type Figure = (&'static str, fn(&Figures) -> f64);

const COMPARED: [Figure; 3] = [
    ("single miss", |figures| figures.single_miss),
    ("single hit", |figures| figures.single_hit),
    ("batch miss", |figures| figures.batch_miss),
];

/// Prints a line for each engine; true if Portcullis is ahead of every peer that is a bar.
pub(crate) fn table(contenders: &[Contender]) -> bool {
    let (ours, peers) = contenders.split_first().expect("Portcullis comes first");
    print!("{:<12}{:>8}{:>14}", "engine", "load s", "bytes/record");
    COMPARED.iter().for_each(|(name, _)| print!("{:>15}{:>8}", format!("{name} ns"), "ratio"));
    println!();
    for contender in contenders {
        print!("{:<12}{:>8.2}{:>14.2}", contender.name, contender.load_seconds, contender.bytes_per_record);
        for figure in &COMPARED {
            print!("{:>15.1}{:>8.2}", figure.1(&contender.figures), ratio(figure, contender, ours));
        }
        println!("{}", if contender.is_bar || contender.name == ours.name { "" } else { "  not compared" });
    }
    let mut ahead = true;
    for (figure, peer) in pairs(peers).filter(|(figure, peer)| !is_ahead(figure, peer, ours)) {
        println!("{} is ahead: {}", peer.name, figure.0);
        ahead = false;
    }
    ahead
}

/// Prints an object for each figure of each peer, with ours as `value` and the peer's as `baseline`; true if Portcullis is
/// ahead of every peer that is a bar.
pub(crate) fn json(contenders: &[Contender]) -> bool {
    let (ours, peers) = contenders.split_first().expect("Portcullis comes first");
    for contender in contenders {
        for (what, value, unit) in
            [("load", contender.load_seconds, "s"), ("size", contender.bytes_per_record, "bytes/record")]
        {
            let name = format!("{what}, {}", contender.name);
            println!(
                "{}",
                json!({ "name": name, "value": value, "unit": unit, "baseline": null, "ratio": null, "limit": null })
            );
        }
    }
    for (figure, peer) in pairs(peers) {
        println!(
            "{}",
            json!({
                "name": format!("{}, {}", figure.0, peer.name),
                "value": figure.1(&ours.figures),
                "unit": "ns",
                "baseline": figure.1(&peer.figures),
                "ratio": ratio(figure, peer, ours),
                "limit": peer.is_bar.then_some(RATIO_LIMIT),
            })
        );
    }
    pairs(peers).all(|(figure, peer)| is_ahead(figure, peer, ours))
}

fn pairs(peers: &[Contender]) -> impl Iterator<Item = (&'static Figure, &Contender)> {
    peers.iter().flat_map(|peer| COMPARED.iter().map(move |figure| (figure, peer)))
}

fn is_ahead(figure: &Figure, peer: &Contender, ours: &Contender) -> bool {
    !peer.is_bar || ratio(figure, peer, ours) > RATIO_LIMIT
}

fn ratio(figure: &Figure, peer: &Contender, ours: &Contender) -> f64 {
    figure.1(&peer.figures) / figure.1(&ours.figures)
}
