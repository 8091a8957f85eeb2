//! The two gates, as types: nothing enters the index that is not [`Verified`]; nothing leaves that is not [`Audited`].

/// Something whose origin and integrity were checked. Only the feed machine makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Gate 1. `tests/tidy.rs` holds its callers to `feed/`.
    pub(crate) fn by_gate(checked: T) -> Self {
        Self(checked)
    }

    /// What was verified.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// Something of which the audit log holds a durable entry. Only the audit machine makes one.
#[derive(Clone, Debug)]
#[must_use = "an audited answer is owed to whoever asked"]
pub struct Audited<T> {
    what: T,
    receipt: Receipt,
}

impl<T> Audited<T> {
    /// Gate 2. `tests/tidy.rs` holds its callers to `audit/`.
    pub(crate) fn by_gate(what: T, receipt: Receipt) -> Self {
        Self { what, receipt }
    }

    /// What was recorded.
    pub fn get(&self) -> &T {
        &self.what
    }

    /// Where it was recorded.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

impl<T> Audited<T> {
    /// A part of it, or another form.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Audited<U> {
        Audited { what: form(self.what), receipt: self.receipt }
    }
}

impl<T> Audited<Vec<T>> {
    /// Each of several things that were recorded in one entry.
    pub fn into_shared(self) -> impl Iterator<Item = Audited<T>> {
        let Self { what, receipt } = self;
        what.into_iter().map(move |what| Audited { what, receipt: receipt.clone() })
    }

    /// Each of several things that were recorded together, in entries that follow one another.
    pub fn into_each(self) -> Vec<Audited<T>> {
        let Self { what, receipt } = self;
        let entries = (receipt.entry_id..).zip(receipt.leaves.iter());
        let receipts = entries.map(|(entry_id, leaf)| {
            let Receipt { log_id, durability, .. } = &receipt;
            Receipt { log_id: log_id.clone(), entry_id, leaves: [*leaf].into(), durability: *durability }
        });
        let receipts: Vec<_> = receipts.collect();
        what.into_iter().zip(receipts).map(|(what, receipt)| Audited { what, receipt }).collect()
    }
}

/// Where an entry stands in the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The log's id, which is its folder's name.
    pub log_id: std::sync::Arc<str>,
    /// The entry's sequence in that log, from 0; of several, the first one's.
    pub entry_id: u64,
    /// The leaf hash of each entry (RFC 6962, section 2.1): what a proof of it begins with.
    pub leaves: std::sync::Arc<[super::Digest]>,
    /// How durable the entry was when the answer was given.
    pub durability: Durability,
}

/// How durable an entry is before its answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// On stable storage: `fdatasync` returned.
    #[default]
    Synced,
    /// Handed to the operating system: survives a crash of the program, not of the machine.
    Written,
}

impl Durability {
    /// The word on the wire and in settings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Written => "written",
        }
    }
}
