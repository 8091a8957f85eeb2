//! What a revision did to an alert.

use super::category::words;
use super::life::{Life, Revision};

words! {
    /// What a revision did to an alert.
    ChangeKind {
        /// It was written down.
        Drafted = "drafted",
        /// It was issued.
        Issued = "issued",
        /// What was written down was issued.
        Submitted = "submitted",
        /// A second issuer approved of it.
        Approved = "approved",
        /// It says something else.
        Amended = "amended",
        /// It says the same, until another time.
        Renewed = "renewed",
        /// It was taken back, for good.
        Withdrawn = "withdrawn",
        /// Its time was over.
        Expired = "expired",
    }
}

impl ChangeKind {
    /// Of a revision and the one before it; `None` before an alert's first.
    #[must_use]
    pub fn of(before: Option<&Revision>, after: &Revision) -> Self {
        let Some(before) = before else {
            return if after.life == Life::Drafted { Self::Drafted } else { Self::Issued };
        };
        let (old, new) = (&*before.statement, &*after.statement);
        match (before.life, after.life) {
            (_, Life::Withdrawn) => Self::Withdrawn,
            (_, Life::Expired) => Self::Expired,
            (Life::Drafted, Life::Pending | Life::Active) => Self::Submitted,
            (Life::Pending, Life::Active) if old == new && before.issuer == after.issuer => Self::Approved,
            (_, Life::Drafted | Life::Pending | Life::Active) => {
                if old.to != new.to && new.says_the_same(old) { Self::Renewed } else { Self::Amended }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::super::*;
    use super::*;
    use crate::domain::{DocumentId, DocumentNumber, IssuingState};

    fn revision(life: Life, issuer: &str, category: Category, to: i64) -> Revision {
        let at = Timestamp::UNIX_EPOCH;
        let issuing_state = IssuingState::recognise("UTO").unwrap().state;
        let number = DocumentNumber::parse("Q1").unwrap();
        let statement = Statement {
            subject: Subject::Document(DocumentId { issuing_state, number }),
            category,
            action: Action::Refer,
            instruction: None,
            originator: Line::parse("Police", 20).unwrap(),
            contact: Line::parse("+999", 20).unwrap(),
            reference: None,
            grade: Grade::parse(GradeScheme::Admiralty, "A1").unwrap(),
            handling: Handling {
                classes: [CallerClass::Officer].into(),
                purposes: [].into(),
                release_to: [].into(),
            },
            from: at,
            to: Timestamp::from_second(to).unwrap(),
        };
        Revision {
            alert: AlertId([1; 16]),
            number: 1,
            origin: Origin { node: NodeId([2; 8]), counter: 1 },
            at,
            by: "one".into(),
            life,
            issuer: issuer.into(),
            unapproved_until: None,
            statement: Arc::new(statement),
            same_since: 1,
        }
    }

    #[test]
    fn an_alert_says_the_same_until_it_is_amended() {
        use Category::{Lost, Stolen};
        use Life::{Active, Drafted, Expired, Pending};
        let lives = [
            (Drafted, Stolen, 9, 1),
            (Pending, Stolen, 9, 1),
            (Active, Stolen, 9, 1),
            (Active, Stolen, 20, 1),
            (Active, Lost, 20, 5),
            (Expired, Lost, 20, 5),
            (Active, Lost, 30, 5),
            (Active, Stolen, 30, 8),
        ];
        let mut before = None::<Arc<Revision>>;
        for ((life, category, to, same_since), number) in lives.into_iter().zip(1..) {
            let next =
                Arc::new(Revision { number, same_since: number, ..revision(life, "one", category, to) });
            let next = before.map_or(next.clone(), |before| next.after(&before));
            assert_eq!(next.same_since, same_since, "revision {number}");
            before = Some(next);
        }
        let gap = Revision { number: 10, same_since: 10, ..revision(Active, "one", Stolen, 30) };
        let gap = Arc::new(gap).after(&before.unwrap());
        assert_eq!(gap.same_since, 10, "nobody knows what was said between");
    }

    #[test]
    fn what_a_revision_did_follows_from_it_and_the_one_before() {
        use Category::{Lost, Stolen};
        use Life::{Active, Drafted, Expired, Pending, Withdrawn};
        let of = |before: (Life, &str, Category, i64), after: (Life, &str, Category, i64)| {
            let one = |(life, issuer, category, to): (Life, &str, Category, i64)| {
                revision(life, issuer, category, to)
            };
            ChangeKind::of(Some(&one(before)), &one(after)).word()
        };
        assert_eq!(ChangeKind::of(None, &revision(Drafted, "a", Lost, 9)).word(), "drafted");
        assert_eq!(ChangeKind::of(None, &revision(Pending, "a", Lost, 9)).word(), "issued");
        assert_eq!(of((Drafted, "a", Lost, 9), (Pending, "a", Lost, 9)), "submitted");
        assert_eq!(of((Drafted, "a", Lost, 9), (Drafted, "a", Stolen, 9)), "amended");
        assert_eq!(of((Pending, "a", Lost, 9), (Active, "a", Lost, 9)), "approved");
        assert_eq!(of((Pending, "a", Lost, 9), (Pending, "b", Lost, 10)), "renewed");
        assert_eq!(of((Active, "a", Lost, 9), (Active, "a", Lost, 8)), "renewed");
        assert_eq!(of((Active, "a", Lost, 9), (Pending, "a", Stolen, 10)), "amended");
        assert_eq!(of((Active, "a", Lost, 9), (Pending, "a", Lost, 9)), "amended");
        assert_eq!(of((Active, "a", Lost, 9), (Withdrawn, "a", Lost, 9)), "withdrawn");
        assert_eq!(of((Active, "a", Lost, 9), (Expired, "a", Lost, 9)), "expired");
        assert_eq!(of((Expired, "a", Lost, 9), (Active, "a", Lost, 19)), "renewed");
    }
}
