//! Portcullis screens travel documents: is this document on a list of lost, stolen or revoked documents?
//!
//! **A `no_hit` must be provable.** It exists only with a verified, non-empty, complete and fresh generation that
//! names itself in the answer; everything else is `inconclusive`, and says why and what to do.
//!
//! # Words
//! | word | means |
//! |---|---|
//! | document | issuing state and number in normal form, with the kind it was presented as |
//! | register | a source file of records as somebody publishes it |
//! | mapping | what the fields of a publisher's register mean |
//! | notice | what a feed says of one document; identity: feed, document, kind, reference; the latest wins |
//! | feed | one publisher's stream of notices: signed, or the operator's own imports |
//! | bulletin | one publication of a feed: sequence, as-of, segments; of a signed feed, what its publisher signs |
//! | heartbeat | the publisher's word that the newest list is still right, as of a later time |
//! | increment | what one publication changes in the one before; a cumulative delta, in its base |
//! | lineage | bases of which each can be folded from the one before |
//! | mirror | a place that has a feed's repository: nothing that it says is believed |
//! | store | an object store, or a web server that takes files, which a publisher makes a mirror by pushing to it |
//! | epoch | rises where a root names other keys for what is newest: then versions begin anew |
//! | segment | one immutable index file, named by its SHA-256: a base, which is a whole list, or a delta, which says what is new since |
//! | fold | a base and its delta become the next base, byte for byte the one that building the list makes |
//! | generation | the numbered set of segments in force, and the feeds that a `no_hit` needs |
//! | snapshot | a generation opened, checked and pinned in memory |
//! | alert | what we say ourselves of a document or an interval of numbers, for a time |
//! | revision | one change of an alert, as it was made: an alert is its newest one |
//! | finding | a notice or an alert in force that matches the document asked about |
//! | candidate | another reading of the document that is listed: never a hit |
//! | advisory | something odd that decides nothing |
//! | coverage | which feeds were consulted, as of when, and which were missing or stale |
//! | verdict | `hit`, `no_hit` or `inconclusive` |
//! | case | what follows a hit, until somebody says what became of it: the hits of one scan, however often it is sent |
//! | outcome | what became of a case, as somebody said |
//! | manifest | a list of documents to be screened together |
//! | entry | one record of the audit log |
//! | journal | what a log was told lately, as it was written, in files that follow one another |
//! | range | the entries of one file of the journal, wherever they are by now |
//! | sealed file | the entries of one range, retention class and day, compressed and encrypted |
//! | retention class | entries that are kept as long as one another: answers, hits, acts, erasures |
//! | stub | what a sealed file says of itself in clear, and all that is left of it once it is erased |
//! | leaf | an entry's hash, salted: what stays of it when its body is gone |
//! | checkpoint | what a log has signed of itself: how many entries, and the root of their tree |
//! | reserve | room on the disk that a log keeps for what must not wait for room |
//! | hit event | what is told of a hit: where and when it was, and never whose document |
//! | sink | whoever is told of hits: a stream, or a webhook |
//! | position | of each log of a site the next entry: where a sink stands |
//! | proof | an entry, the hashes that lead from it to a checkpoint, and the checkpoint |
//!
//! # Layers
//! Each imports from those below it and from no sibling; `tests/tidy.rs` holds it.
//! ```text
//! bin       main ─ cli                              prints, exits, uses anyhow
//! shell     app ─ config ─ http                     wiring, settings, HTTP words
//! flows     publishing  syncing  screening  alerting  bulk    may import screening, and no other flow
//! machines  register  index  feed  overlay  audit   siblings: none imports another
//! ground    storage  clock  platform  web           the only doors to files, time, maps and vectors; the way to web servers
//! words     domain                                  pure
//! ```
//!
//! # Data flow
//! A list of the operator's own:
//! ```text
//! register file ─ register::read ─► rows ─ index::Builder ─► segment, staged  (─ index::delta ─► delta, staged)
//!                                                                  │
//!                        feed::verify    signatures; length and SHA-256 of every file    GATE 1: Verified<Bulletin>
//!                                                                  ▼
//!                        publishing    opened as a service will, verified as nobody will again, compared with what is in force,
//!                                      asked for what was read
//!                                                                  ▼
//!                        index::Publisher::keep, publish    generation file, then CURRENT: one rename commits
//!                                                                  ▼
//!                        screening::Site ─ index::Snapshot    every byte checked, then swapped in
//!                                                                  ▼
//! ```
//! A signed feed, from its centre to a site:
//! ```text
//! registers ─ publishing::feed::add ─► changes that wait ─ index::Amendment ─► increment, cumulative delta, or by index::fold a base
//!                                                                  │
//!                        feed::Repository    targets, snapshot, timestamp: the last rename is what readers see
//!                                                                  │  feed::store::push, in the same order, if it is handed out by one
//!                                                                  │  feed::mirror: a folder, HTTPS, a bucket
//!                        feed::refresh    root chain → thresholds → floors → expiry → one publication
//!                                                                  ▼
//!                        syncing::Plan    fetch, compose, fold: the cheapest way to the files that are signed
//!                                                                  ▼
//!                        syncing gates    verified, sums, counts, canaries, shrinkage, not overtaken; then as above from `Verified` on
//! ```
//! An answer:
//! ```text
//! question ─ Reading ─► Evidence (of lists and alerts) ∪ Coverage at `now` ─► decide (pure) ─► Verdict
//!                                                                  ▼
//!                        audit::AuditLog    written, synced, acknowledged          GATE 2: Audited<Answer>
//!                                                                  │  leaves ─ audit::tree ─► checkpoints, signed, exported
//!                                                                  ▼
//!                        http::wire    a bare verdict has no wire form
//! ```
//! What follows a hit:
//! ```text
//! audit::AuditLog, entries ─ audit::Follower ─► alerting::Cases ─ outcome, an entry ─► what is cleared, marked in findings
//!                                    └───────► alerting::hits ─► streams, webhooks
//! ```
//!
//! # Decisions
//! - Lookups cannot fail. What can be wrong with a file is found when it is opened; what goes wrong later poisons the
//!   mapping, which every answer looks at after its last read, once the files were measured: then it is `inconclusive`, never a
//!   miss. A poisoned generation is in force again only after it was opened and verified anew.
//! - A service takes up the newest generation within seconds of its publication. One that cannot be opened, or that holds
//!   less than the one before, leaves the last good one open for its hits and takes every `no_hit` away.
//! - The index is exact: a key is a bijection of issuing state and number ([`index::Key`]), so no false hit exists.
//!   Inside a segment an exact hash table ([`index::table`]) answers from one cache line for nearly every document that is
//!   not listed. What documents share is in a dictionary; what has a reference stands in details, read on a hit only.
//! - All lists are mixed with one seed: they are built, compared and folded in one order, and a question is packed and mixed
//!   once for all feeds. Whoever makes keys that meet in one bucket makes a tail longer that is searched by halving.
//! - What is quick to ask of a file is asked at each opening: every block's checksum, the sets, the side map. That lookups
//!   find exactly what is listed, and that all sums agree, is verified once, before a file is put in force under its SHA-256.
//! - A batch is a pipeline: keys of a group are packed side by side in vectors, and while its lines are looked at those of
//!   the next are on their way. One source is compiled for each sort of vectors; the answers are the same.
//! - Work in the background is as nice as there is, writes no faster than it is told, and leaves a core alone: where all are
//!   busy, whoever is woken waits.
//! - Memory of a builder is bounded: notices are dealt out to parts by the highest bits of their mixed keys and spilt; each
//!   part is sorted by itself. Large files are written piece by piece, each on its way to the disk before the next.
//! - What guards against going back (accepted sequences, as-of times, the highest time seen) is in the generation file
//!   and nowhere else, also of feeds that were forgotten; what can't be read is refused and never reset.
//! - What a site makes itself, of increments or by folding, has the SHA-256 that is signed, or is downloaded. So what is in force
//!   of a signed feed is always what its publisher signed, and is checked against the kept metadata at every start.
//! - What a publisher's timestamp names is never written again. The same list under other keys of the targets is the next publication;
//!   a key is replaced by signing with both, then by the root; only of a lost one is the root first. The list goes on from what the
//!   newest root vouches for, or is in the midst of being handed on, and from nothing else.
//! - Metadata is walked by a library of TUF in a folder of its own that is thrown away; what it compared is compared again, over the
//!   bytes that came. Expiry gates what is accepted, never what is in force, and is judged by the clock that is handed in.
//! - A `no_hit` needs every feed of the generation's `expected` and of the settings' sources, also one that never came.
//! - Time and files are handed in. Time never runs below the highest time seen in generation, log and process.
//! - Numbers are personal data: no log line, error, metric, path or process list has one; `Debug` hides them; names and
//!   dates of birth never leave the zone's parser; the audit log keeps keyed digests.
//! - Every format of zone is one table of positions ([`domain::mrz`]). A zone that is nothing but a zone is read where it
//!   lies; any other text is first made into lines of cells, in a buffer that is wiped. What a damaged zone may have said
//!   is told and never applied; a number that a zone or a list may have cut takes a `no_hit` away and makes no hit.
//! - A register is read by a mapping, our own formats too. A row is listed whole or refused by reason; a register that may
//!   have lost rows is refused as a whole, and so is one that would take too much out of force.
//! - Each process that decides writes a log of its own. One `fdatasync` serves all who wait.
//! - A log is a Merkle tree over salted leaves. Its right edge is in memory, the rest in five files; where entries stand and what is
//!   above the leaves is computed, and made again where it is lost. A start holds the tree against the newest checkpoint, and against
//!   those that were exported, and refuses what was cut off or changed. What is recorded goes into a journal; files of the journal that are
//!   closed are sealed by class and day, so that they can be erased without touching the tree; an erasure is an entry before it is one.
//!   A start reads no more than the journal. Checkpoints keep no answer waiting.
//! - A manifest's answers are recorded a chunk at a time, before the first of them is given: as one entry, and another for its hits, which are
//!   kept for another time.
//! - Alerts stand in one file of pages, each revision after its MAC, opened by one process at a time for as long as an act takes; what is
//!   asked is an immutable table of those that may be in force, made of all revisions and swapped. Nearly every document is told by one
//!   line of memory that no alert is on it, and by another that no interval is near. An act is an entry before it is a revision; those that
//!   wait at the same time are done together. A store that somebody else holds takes no answer away until something newer was acknowledged.
//!   A service reads all of it again each hour, and when any reader finds damage: what was sound when it was read may be so no more.
//!   What entries name of the store is its floor: one that is lower, or gone, was put back or lost, however sound it looks. What goes on
//!   after that, or was restored, has another name and higher counters, so that a counter is of one revision and what comes back is older.
//!   A large table is made a tenth of the time at most, so that what is new is in force within seconds. Whoever an alert is not for gets
//!   the verdict, and the shape, that there would be without it; the entry has both. Callers from whom alerts may be withheld have their
//!   answers a whole number of periods after their questions, for what is withheld takes longer to find and to record.
//! - What two have to agree on is not done by one who leaves out the settings: a command that is told none goes by the rules of the service.
//! - A case has no store: a hit's entry names it, and seals its document and findings under the digest key; what became of it is an entry
//!   too. So no hit is without its case, and a case is kept, erased and proved as its entries are. Whoever is cleared is a hit that says so.
//! - A hit event is its audit entry: sinks read the logs, from a position that they keep, and are told once more rather than once too few.
//!   No answer waits for any of them.
//! - What is told while it happens are server-sent events whose ids are places in what is kept: whoever comes back goes on from there, so
//!   that nothing waits for whoever is slow or away.
//! - A full disk stops answers, and not what makes room: that is recorded in a reserve, which the log takes again before it answers.
//! - An answer can be given again: an entry names its generation and rules, and a list is built byte for byte of its register.

pub mod alerting;
pub mod app;
pub mod audit;
pub mod bulk;
pub mod config;
pub mod domain;
pub mod feed;
pub mod ground;
pub mod http;
pub mod index;
pub mod overlay;
pub mod publishing;
pub mod register;
pub mod screening;
pub mod syncing;
