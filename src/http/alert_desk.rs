//! Where a service issues alerts: what acts, the import of many and the expiry of those whose time is over have in common.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web;

use super::problem::Problem;
use super::service::Service;
use crate::alerting::{AlertPolicy, AlertingError, Deed, Desk, Fulfilled, Queue, Wish};
use crate::audit::ClockBy;
use crate::domain::alert::{CallerClass, Revision};
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::overlay::{Alerts, Store};
use crate::screening::Screening;

/// Where a service issues alerts.
pub struct AlertDesk {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// The site's data directory.
    pub data_dir: std::path::PathBuf,
    /// The time.
    pub clock: Arc<Clock>,
    /// The rules.
    pub policy: AlertPolicy,
    /// What was read of the store before.
    pub known: Mutex<Alerts>,
    /// Acts that wait.
    pub queue: Queue,
}

impl AlertDesk {
    /// Has an act done, together with those that wait as well, and in force at once if that is quick. Blocks.
    ///
    /// # Errors
    /// [`AlertingError`].
    pub fn fulfil(&self, screening: &Screening, wish: Wish) -> Result<Fulfilled, AlertingError> {
        self.queue.fulfil(wish, &self.known, |known, wishes| {
            let done = self.with(screening, known, |desk| desk.fulfil(wishes));
            screening.overlay().take_up(known.counter());
            done
        })
    }

    /// Whether somebody acts just now, here or elsewhere: whoever can wait comes back.
    pub fn is_busy(&self) -> bool {
        self.known.try_lock().is_err() || Store::is_held(&*self.storage, &self.data_dir)
    }

    /// The alerts whose time is over, as the logs bear out, and of which that is not on record. Blocks.
    ///
    /// # Errors
    /// [`AlertingError`].
    pub fn over(&self, screening: &Screening) -> Result<Vec<Arc<Revision>>, AlertingError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.with(screening, &mut known, |desk| desk.over(ClockBy::Entries))
    }

    /// Puts on record that some of those have expired, and gives how many. Blocks, and others meanwhile.
    ///
    /// # Errors
    /// [`AlertingError`].
    pub fn expire_some(&self, screening: &Screening, over: &[Arc<Revision>]) -> Result<u64, AlertingError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.with(screening, &mut known, |desk| desk.expire_some(over))
    }

    /// Does something at the desk.
    pub(super) fn with<T>(
        &self,
        screening: &Screening,
        known: &mut Alerts,
        act: impl FnOnce(&mut Desk<'_>) -> T,
    ) -> T {
        if known.counter() == 0 {
            // To read a large store twice takes long, and twice the memory.
            *known = screening.overlay().known();
        }
        // Nobody acts on an older copy of what is in force here.
        screening.overlay().last().iter().for_each(|last| known.hear_of(last));
        let mut desk = Desk {
            storage: self.storage.clone(),
            data_dir: self.data_dir.clone(),
            log: screening.log(),
            clock: &self.clock,
            policy: self.policy,
            known: std::mem::take(known),
        };
        let done = act(&mut desk);
        *known = desk.known;
        done
    }
}

/// Alerts are for officers.
pub(super) fn desk(service: &Service) -> Result<Arc<AlertDesk>, Problem> {
    if service.caller_class != CallerClass::Officer {
        return Err(Problem::not_for_caller());
    }
    service.desk.clone().ok_or_else(Problem::not_found)
}

/// Fails where the store is known to be damaged: what is added to it would be lost with it.
pub(super) fn must_be_sound(service: &Service) -> Result<(), Problem> {
    let in_force = service.screening.overlay().in_force();
    let is_damaged = in_force.fault.as_ref().is_some_and(|fault| fault.is_damage());
    if is_damaged { Err(Problem::alerts_unavailable()) } else { Ok(()) }
}

/// Has an act done for the caller.
pub(super) async fn fulfil(service: &web::Data<Service>, deed: Deed) -> Result<Fulfilled, Problem> {
    let (at, service) = (desk(service)?, service.clone());
    must_be_sound(&service)?;
    let wish = Wish { by: service.principal.clone(), deed };
    let done = web::block(move || at.fulfil(&service.screening, wish)).await;
    done.map_err(|_| Problem::internal())?.map_err(Problem::from)
}
