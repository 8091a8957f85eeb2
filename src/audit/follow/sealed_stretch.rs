//! What was sealed before it was read, and is followed there.

use super::{LogFiles, Pass, Place};
use crate::audit::AuditError;
use crate::audit::sealed::{Kept, Picked, SealedName};

/// What a range costs of which nothing is wanted, counted in entries: its files are opened to see what they have.
const RANGE_COSTS: u64 = 32;

/// Reads on in the range that has the next entry, which the journal does not have.
pub(super) fn read_sealed(
    log: &LogFiles,
    next: u64,
    recorded: u64,
    pass: &mut Pass<'_, '_>,
) -> Result<(), AuditError> {
    let names = SealedName::of_entry(pass.storage, &log.folder, next)?;
    let mut picked = Picked::open(pass.storage, &log.folder, &log.id, (&names, next), pass.wanted.classes)?;
    while pass.left > 0 {
        let Some((sequence, path, kept)) = picked.next()? else {
            pass.left = pass.left.saturating_sub(RANGE_COSTS);
            pass.pass_over(&log.id, picked.end().min(recorded), 0);
            break;
        };
        match kept {
            Kept::Journal { salt, body, .. } | Kept::Sealed { salt, body } => {
                let place = Place { sequence, path, offset: 0 };
                pass.look(log, place, salt, body)?;
            }
            Kept::Erased { .. } => {
                pass.left = pass.left.saturating_sub(1);
                pass.pass_over(&log.id, sequence + 1, 1);
            }
        }
    }
    Ok(())
}
