//! Where those stand who are told of hits.

use portcullis::alerting::hits::Cursor;
use portcullis::audit::Position;

/// A cursor, or the position in one.
pub fn hits_cursor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(position) = Position::parse(&text) {
        assert_eq!(position.to_string(), text, "there is one way to write a position");
        let logs = position.logs().map(|(log, next)| (log.clone(), next)).collect::<Vec<_>>();
        assert!(logs.iter().all(|(log, next)| position.next(log) == *next && *next > 0));
        assert!(logs.iter().all(|(log, next)| position.with(log, *next) == position));
    }
    if let Some(position) = Cursor::decode(data) {
        assert!(text.contains(&position.to_string()));
        assert_eq!(Position::parse(&position.to_string()), Some(position));
    }
}
