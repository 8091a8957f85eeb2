//! Server-sent events (WHATWG HTML, section server-sent events): what happens is told while it happens, to whoever keeps the connection.
//!
//! A handler takes a place with [`Streams::open`], has [`Place::begin`] make of it what it sends events into and the response, and hands events
//! in until [`Events::send`] says that nobody takes them, or [`Events::closed`] that nobody is there. While nothing happens comments go out, so
//! that a connection that is dead shows. Whoever reads too slowly is cut off: little waits for him, and he goes on from the last event that he
//! has seen.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::problem::Problem;

/// Events that may wait for a reader.
const WAITING_MAX: usize = 64;
/// How long a reader may take nothing while events wait for him.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);
/// After so long without an event a comment goes out.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a reader waits before he connects again.
const BEGINNING: &[u8] = b"retry: 3000\n\n";
const COMMENT: &[u8] = b":\n\n";

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// Where a reader goes on after it: no line breaks.
    pub(super) id: String,
    /// What sort of event it is.
    pub(super) name: &'static str,
    /// What is told of it.
    pub(super) data: String,
}

/// The streams of a service: so many, and none once it is to stop.
#[derive(Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    ends: watch::Sender<bool>,
}

/// A place for a stream.
pub(super) struct Place {
    permit: OwnedSemaphorePermit,
    ends: watch::Receiver<bool>,
}

/// Where events of a stream go in.
pub(super) struct Events {
    waiting: mpsc::Sender<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl Streams {
    /// Places for so many.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(max)), ends: watch::Sender::new(false) }
    }

    /// Ends all streams, and those that are begun after: they have no end of their own, and would hold up that of the service.
    pub fn end(&self) {
        self.ends.send_replace(true);
    }

    /// Takes a place.
    pub(super) fn open(&self) -> Result<Place, Problem> {
        let permit = self.places.clone().try_acquire_owned().map_err(|_| Problem::streams_busy())?;
        Ok(Place { permit, ends: self.ends.subscribe() })
    }
}

impl Place {
    /// The stream: where its events go in, and the response by which they go out.
    pub(super) fn begin(self) -> (Events, HttpResponse) {
        let (waiting, taken) = mpsc::channel(WAITING_MAX);
        let reader = Reader { taken, ends: self.ends, begun: false };
        let body = stream::unfold(reader, |mut reader| async {
            let bytes = reader.next().await?;
            Some((Ok::<_, Infallible>(bytes), reader))
        });
        let mut response = HttpResponse::Ok();
        response.content_type("text/event-stream").insert_header((CACHE_CONTROL, "no-store"));
        (Events { waiting, _permit: self.permit }, response.streaming(Box::pin(body)))
    }
}

impl Events {
    /// Hands an event to the reader; false if he has gone, or does not read: then the stream is to end.
    #[must_use]
    pub(super) async fn send(&self, event: &Event) -> bool {
        matches!(rt::time::timeout(TAKEN_WITHIN, self.waiting.send(frame(event))).await, Ok(Ok(())))
    }

    /// Waits until nobody takes events any more.
    pub(super) async fn closed(&self) {
        self.waiting.closed().await;
    }
}

/// The last event that whoever comes back has seen.
pub(super) fn last_event_id(request: &HttpRequest) -> Option<&str> {
    request.headers().get("last-event-id")?.to_str().ok()
}

struct Reader {
    taken: mpsc::Receiver<Bytes>,
    ends: watch::Receiver<bool>,
    begun: bool,
}

impl Reader {
    /// What goes out next, when it is time for it.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(Bytes::from_static(BEGINNING));
        }
        tokio::select! {
            biased;
            _ = self.ends.wait_for(|ends| *ends) => None,
            event = self.taken.recv() => event,
            () = rt::time::sleep(HEARTBEAT) => Some(Bytes::from_static(COMMENT)),
        }
    }
}

fn frame(Event { id, name, data }: &Event) -> Bytes {
    let mut text = format!("id: {id}\nevent: {name}\n");
    for line in data.split(['\r', '\n']) {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text.into()
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody as _;
    use futures_util::future::poll_fn;

    use super::*;

    fn event(id: u64) -> Event {
        Event { id: id.to_string(), name: "change", data: format!("{{\"at\":{id}}}") }
    }

    #[test]
    fn an_event_is_framed_line_by_line_and_ends_with_an_empty_line() {
        let text = frame(&Event { id: "7".into(), name: "change", data: "{}\nx\r".into() });
        assert_eq!(text, "id: 7\nevent: change\ndata: {}\ndata: x\ndata: \n\n");
    }

    #[test]
    fn events_go_out_in_order_until_the_stream_ends_and_its_place_is_free_again() {
        rt::System::new().block_on(async {
            let streams = Streams::new(1);
            let (events, response) = streams.open().unwrap().begin();
            assert!(streams.open().is_err(), "the only place is taken");
            assert!(events.send(&event(1)).await && events.send(&event(2)).await);
            let mut body = response.into_body();
            let mut out = Vec::new();
            for _ in 0..3 {
                let bytes = poll_fn(|context| std::pin::Pin::new(&mut body).poll_next(context)).await;
                out.extend(bytes.unwrap().unwrap());
            }
            let told = String::from_utf8(out).unwrap();
            assert_eq!(told, "retry: 3000\n\nid: 1\nevent: change\ndata: {\"at\":1}\n\nid: 2\nevent: change\ndata: {\"at\":2}\n\n");
            streams.end();
            assert!(poll_fn(|context| std::pin::Pin::new(&mut body).poll_next(context)).await.is_none());
            drop(body);
            events.closed().await;
            assert!(!events.send(&event(3)).await);
            drop(events);
            assert!(streams.open().is_ok());
        });
    }

    #[test]
    fn whoever_does_not_read_has_little_waiting_for_him_and_is_cut_off() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let streams = Streams::new(1);
            let (events, _response) = streams.open().unwrap().begin();
            for id in 0..WAITING_MAX as u64 {
                assert!(events.send(&event(id)).await);
            }
            let one_more = event(64);
            let sent = events.send(&one_more);
            assert!(rt::time::timeout(Duration::from_millis(50), sent).await.is_err(), "one more waits");
        });
    }
}
