//! Random acts at random times against a plain list of what each alert was: what is in force is the same, whoever is asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use portcullis::alerting::{AlertPolicy, AlertingError, Desk, Fulfilled};
use portcullis::audit::{AuditLog, ClockBy, Config, Role};
use portcullis::domain::alert::{
    Action, AlertId, CallerClass, Category, Grade, GradeScheme, Handling, Interval, Line, Revision, Standing,
    Statement, Subject,
};
use portcullis::domain::{DocumentId, DocumentNumber, IssuingState};
use portcullis::ground::clock::{Clock, TimeSource};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, Store, Table};
use proptest::prelude::*;

const HOUR: i64 = 3600;
const DAYS_MAX: i64 = 20;
const START: i64 = 1_772_366_400;
const NUMBERS: u32 = 12;

/// What somebody does, as far as it can be said before it is known what is there.
#[derive(Clone, Debug)]
struct Step {
    what: What,
    by: u8,
    /// Which of the alerts there are.
    alert: prop::sample::Index,
    /// The revision that he says he has seen: the right one, or another.
    seen: Option<bool>,
    wish: Wish,
    four_eyes: bool,
    unapproved_hours: i64,
    /// How far the system's clock goes on before, or back, in seconds.
    clock: i64,
    reopen: bool,
    /// Whether the store takes another name first.
    rename: bool,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Issue { key: Option<u8>, draft: bool },
    Submit,
    Approve,
    Amend,
    Renew,
    Withdraw,
    Expire,
}

/// What an alert is to say: numbers from one to another, and hours from now on.
#[derive(Clone, Copy, Debug)]
struct Wish {
    numbers: (u32, u32),
    from: i64,
    to: i64,
}

/// What an alert was at one time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    life: Life,
    at: i64,
    issuer: u8,
    /// Until when it is in force if nobody approves of it. Of one that has expired, that there was any such time says that nobody had.
    until: Option<i64>,
    numbers: (u32, u32),
    from: i64,
    to: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    Draft,
    Waits,
    Active,
    Expired,
    Withdrawn,
}

/// Every alert by all that it ever was.
#[derive(Default)]
struct Model {
    alerts: BTreeMap<AlertId, Vec<State>>,
    keys: BTreeMap<(u8, u8), AlertId>,
    /// The highest time that the process has seen, and that is on record.
    seen: i64,
    recorded: i64,
}

/// What becomes of an act.
enum Expected {
    Refused,
    /// The same as before.
    Before(AlertId),
    /// A state more, of an alert or of a new one.
    Next(Option<AlertId>, State),
}

impl Model {
    /// The time of an act; none if the clock is not trusted.
    fn now(&mut self, source: i64) -> Option<i64> {
        self.seen = self.seen.max(self.recorded);
        let is_trusted = self.seen - source <= 600;
        self.seen = self.seen.max(source);
        is_trusted.then_some(self.seen)
    }

    fn nth(&self, index: &prop::sample::Index) -> Option<AlertId> {
        (!self.alerts.is_empty()).then(|| *self.alerts.keys().nth(index.index(self.alerts.len())).unwrap())
    }

    fn act(&self, step: &Step, alert: Option<AlertId>, now: Option<i64>) -> Expected {
        use Expected::{Before, Next, Refused};
        let Some(now) = now else { return Refused };
        let (by, wish) = (step.by, step.wish);
        let (from, to) = (now + wish.from * HOUR, now + wish.to * HOUR);
        let is_sound =
            |from: i64, to: i64| to > from && to > now && to - from.max(now) <= DAYS_MAX * 24 * HOUR;
        let hours = Some(now + step.unapproved_hours * HOUR).filter(|_| step.unapproved_hours > 0);
        let (life, until) = if step.four_eyes { (Life::Waits, hours) } else { (Life::Active, None) };
        let wished = State { life, at: now, issuer: by, until, numbers: wish.numbers, from, to };
        if let What::Issue { key, draft } = step.what {
            let wished = if draft { State { life: Life::Draft, until: None, ..wished } } else { wished };
            let known = key.and_then(|key| self.keys.get(&(by, key)));
            return match known {
                Some(known) => {
                    let first = self.alerts[known][0];
                    let is_same = (first.numbers, first.to) == (wished.numbers, wished.to)
                        && draft == (first.life == Life::Draft);
                    if is_same { Before(*known) } else { Refused }
                }
                None if is_sound(from, to) => Next(None, wished),
                None => Refused,
            };
        }
        let Some(alert) = alert else { return Refused };
        let states = &self.alerts[&alert];
        let before = *states.last().unwrap();
        if before.life == Life::Withdrawn || step.seen == Some(false) {
            return Refused;
        }
        let next = |state: State| Next(Some(alert), State { at: now, ..state });
        // What waits is approved of by somebody else, whatever the rules are by now, and is in force no longer than it would have been.
        let shorter = until.zip(before.until).map(|(one, other)| one.min(other));
        let goes_on_waiting = (Life::Waits, if step.four_eyes { shorter } else { before.until });
        match (step.what, before.life) {
            (What::Submit, Life::Draft) if is_sound(before.from, before.to) => {
                next(State { life, until, ..before })
            }
            (What::Approve, Life::Waits) if before.issuer != by => {
                // Nobody approves of what was changed since it was issued without saying what he has seen.
                let issued_by = if states[0].life == Life::Draft { 2 } else { 1 };
                if step.seen.is_none() && states.len() > issued_by {
                    return Refused;
                }
                next(State { life: Life::Active, until: None, ..before })
            }
            (What::Amend, Life::Draft | Life::Waits | Life::Active) if is_sound(from, to) => {
                let (life, until) = match before.life {
                    Life::Draft => (Life::Draft, None),
                    Life::Waits => goes_on_waiting,
                    _ => (life, until),
                };
                next(State { life, until, ..wished })
            }
            (What::Renew, Life::Expired) if is_sound(before.from, to) => {
                // Nobody has approved of it, and somebody else wrote it: whose would it be?
                match before.until {
                    Some(_) if before.issuer != by && to > before.to => Refused,
                    Some(_) => {
                        next(State { life: goes_on_waiting.0, until: goes_on_waiting.1, to, ..before })
                    }
                    None => next(State { life, until, issuer: by, to, ..before }),
                }
            }
            (What::Renew, Life::Waits | Life::Active) if is_sound(before.from, to) => {
                let is_own = before.issuer == by;
                let is_refused = if is_own { step.four_eyes } else { before.life == Life::Waits };
                if is_refused && to > before.to {
                    return Refused;
                }
                next(State { to, ..before })
            }
            (What::Withdraw, Life::Draft | Life::Waits | Life::Active) => {
                next(State { life: Life::Withdrawn, until: None, ..before })
            }
            _ => Refused,
        }
    }

    /// What an alert was when somebody had approved of it, if its newest state is a change of that which waits.
    fn approved(states: &[State]) -> Option<usize> {
        let before = states.iter().rposition(|state| state.life != Life::Waits)?;
        (before + 1 < states.len() && states[before].life == Life::Active).then_some(before)
    }

    /// Has those expire whose time is over, and gives how many there were.
    fn expire(&mut self, now: i64) -> u64 {
        let mut expired = 0;
        for states in self.alerts.values_mut() {
            let newest = *states.last().unwrap();
            let holds_on = [Some(states.len() - 1), Self::approved(states)]
                .into_iter()
                .flatten()
                .any(|at| states[at].to > now);
            if holds_on || !matches!(newest.life, Life::Waits | Life::Active) {
                continue;
            }
            let until = (newest.life == Life::Waits).then(|| newest.until.unwrap_or(newest.at));
            states.push(State { life: Life::Expired, at: now, until, ..newest });
            expired += 1;
        }
        expired
    }

    /// Which alerts are in force for a number at a time, and by which of their revisions.
    fn in_force(&self, number: u32, time: i64) -> Vec<(AlertId, u32)> {
        let holds = |state: &State| {
            let life = match state.life {
                Life::Active => true,
                Life::Waits => state.until.is_some_and(|until| time < until),
                Life::Draft | Life::Expired | Life::Withdrawn => false,
            };
            life && state.from <= time
                && time < state.to
                && (state.numbers.0..=state.numbers.1).contains(&number)
        };
        let mut found = Vec::new();
        for (alert, states) in &self.alerts {
            let newest = states.len() - 1;
            // A change that waits leaves what was approved of before it in force.
            let those = [Some(newest), Self::approved(states)];
            let revision = those.into_iter().flatten().find(|at| holds(&states[*at]));
            found.extend(revision.map(|at| (*alert, at as u32 + 1)));
        }
        found
    }

    /// Times at which something begins or ends, and those right before.
    fn edges(&self) -> Vec<i64> {
        let states = self.alerts.values().flatten();
        let mut edges: Vec<_> =
            states.flat_map(|state| [Some(state.from), Some(state.to), state.until]).collect();
        edges.sort_unstable();
        edges.dedup();
        edges.into_iter().flatten().flat_map(|edge| [edge - 1, edge]).collect()
    }
}

/// The system's clock, which goes where a test sets it.
#[derive(Clone)]
struct Set(Arc<AtomicI64>);

impl TimeSource for Set {
    fn now(&self) -> Timestamp {
        time(self.0.load(Ordering::Relaxed))
    }
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn document(number: u32) -> DocumentId {
    let issuing_state = IssuingState::recognise("UTO").unwrap().state;
    DocumentId { issuing_state, number: DocumentNumber::parse(&format!("C{number:08}")).unwrap() }
}

fn statement(wish: Wish, now: i64) -> Statement {
    let (one, other) = (document(wish.numbers.0), document(wish.numbers.1));
    let subject = if one == other {
        Subject::Document(one)
    } else {
        Subject::Interval(Interval::new(one.issuing_state, one.number, other.number).unwrap())
    };
    Statement {
        subject,
        category: Category::Stolen,
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
        from: time(now + wish.from * HOUR),
        to: time(now + wish.to * HOUR),
    }
}

/// The site: its log and its clock, which are opened anew now and then.
struct Site {
    data: tempfile::TempDir,
    source: Set,
    log: Option<AuditLog>,
    clock: Clock,
    known: Alerts,
}

impl Site {
    fn new() -> Self {
        let source = Set(Arc::new(AtomicI64::new(START)));
        let clock = Clock::new(source.clone());
        let mut site =
            Self { data: tempfile::tempdir().unwrap(), source, log: None, clock, known: Alerts::default() };
        site.reopen();
        site
    }

    fn reopen(&mut self) {
        self.log.take().into_iter().for_each(|log| log.close().unwrap());
        let (config, now) = (Config::default(), self.source.now());
        let (log, _) = AuditLog::open(Arc::new(Disk), self.data.path(), Role::Cli, config, now).unwrap();
        self.log = Some(log);
        self.clock = Clock::new(self.source.clone());
        self.known = Alerts::default();
    }

    fn at_desk<T>(&mut self, step: &Step, act: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let mut desk = Desk {
            storage: Arc::new(Disk),
            data_dir: self.data.path().to_owned(),
            log: self.log.as_ref().unwrap(),
            clock: &self.clock,
            policy: AlertPolicy {
                days_max: DAYS_MAX as usize,
                four_eyes: step.four_eyes,
                unapproved_hours: step.unapproved_hours as usize,
            },
            known: std::mem::take(&mut self.known),
        };
        let done = act(&mut desk);
        self.known = desk.known;
        done
    }

    fn act(
        &mut self,
        step: &Step,
        alert: AlertId,
        wish: Statement,
        seen: Option<u32>,
    ) -> Result<Fulfilled, AlertingError> {
        let by = format!("officer-{}", step.by).into();
        let key = |key: Option<u8>| key.map(|key| format!("key-{key}"));
        self.at_desk(step, |desk| match step.what {
            What::Issue { key: told, draft: false } => desk.issue(wish, &by, key(told).as_deref()),
            What::Issue { key: told, draft: true } => desk.draft(wish, &by, key(told).as_deref()),
            What::Submit => desk.submit(alert, &by, seen).map(Fulfilled::New),
            What::Approve => desk.approve(alert, &by, seen).map(Fulfilled::New),
            What::Amend => desk.amend(alert, wish, &by, seen).map(Fulfilled::New),
            What::Renew => desk.renew(alert, wish.to, &by, seen).map(Fulfilled::New),
            What::Withdraw => desk.withdraw(alert, &by, seen).map(Fulfilled::New),
            What::Expire => unreachable!("it is not done to one alert"),
        })
    }

    fn expire(&mut self, step: &Step) -> Result<u64, AlertingError> {
        self.at_desk(step, |desk| desk.expire(ClockBy::Word))
    }

    fn rename(&self) {
        if let Some(mut store) = Store::open(&self.disk(), self.data.path()).unwrap() {
            let name = store.new_name(0).unwrap();
            store.rename(name).unwrap();
        }
    }

    fn disk(&self) -> Arc<dyn Storage> {
        Arc::new(Disk)
    }

    fn table(&self) -> Table {
        let mut alerts = Alerts::default();
        if let Some(store) = Store::open(&self.disk(), self.data.path()).unwrap() {
            alerts.follow(&store).unwrap();
        }
        Table::of(&alerts)
    }
}

/// What a table has in force for a number: of each alert its newest revision that is.
fn found(table: &Table, number: u32, at: i64) -> Vec<(AlertId, u32)> {
    let mut newest = BTreeMap::new();
    let in_force = |revision: &&Arc<Revision>| revision.standing(time(at)) != Standing::Not;
    for revision in table.find(&document(number)).iter().filter(in_force) {
        let held = newest.entry(revision.alert).or_insert(revision.number);
        *held = revision.number.max(*held);
    }
    newest.into_iter().collect()
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        4 => (prop::option::of(0_u8..2), prop::bool::weighted(0.3))
            .prop_map(|(key, draft)| What::Issue { key, draft }),
        2 => Just(What::Submit),
        2 => Just(What::Approve),
        2 => Just(What::Amend),
        3 => Just(What::Renew),
        1 => Just(What::Withdraw),
        3 => Just(What::Expire),
    ];
    let wish = ((0..NUMBERS, 0..NUMBERS), -3_i64..10, prop_oneof![2 => 1_i64..=12, 1 => 1_i64..=600]);
    let wish = wish.prop_map(|((one, other), from, to)| Wish {
        numbers: (one.min(other), one.max(other)),
        from,
        to,
    });
    let rules = (any::<bool>(), prop_oneof![Just(0_i64), Just(5)]);
    let seen = prop_oneof![2 => Just(None), 2 => Just(Some(true)), 1 => Just(Some(false))];
    let clock =
        prop_oneof![4 => 0_i64..20_000, 2 => -600_i64..0, 1 => -90_000_i64..-600, 1 => 0_i64..400_000];
    let who = (0_u8..3, any::<prop::sample::Index>());
    let site = (prop::bool::weighted(0.15), prop::bool::weighted(0.1));
    (what, who, seen, wish, rules, clock, site).prop_map(
        |(what, (by, alert), seen, wish, (four_eyes, unapproved_hours), clock, (reopen, rename))| Step {
            what,
            by,
            alert,
            seen,
            wish,
            four_eyes,
            unapproved_hours,
            clock,
            reopen,
            rename,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, ..ProptestConfig::default() })]
    #[test]
    fn what_is_in_force_is_what_a_plain_list_says(steps in prop::collection::vec(step(), 1..32)) {
        let (mut site, mut model) = (Site::new(), Model::default());
        for step in steps {
            let source = site.source.0.fetch_add(step.clock, Ordering::Relaxed) + step.clock;
            if step.reopen {
                site.reopen();
                model.seen = 0;
            }
            if step.rename {
                site.rename();
            }
            let alert = model.nth(&step.alert);
            let now = model.now(source);
            // Whoever writes a wish does so by the time that holds here.
            let wish = statement(step.wish, now.unwrap_or(source));
            let newest = alert.map_or(1, |alert| model.alerts[&alert].len() as u32);
            let seen = step.seen.map(|right| if right { newest } else { newest + 1 });
            let expected = match step.what {
                What::Expire => {
                    let expired = now.map(|now| model.expire(now));
                    prop_assert_eq!(site.expire(&step).ok(), expired);
                    model.recorded = model.recorded.max(now.filter(|_| expired > Some(0)).unwrap_or_default());
                    None
                }
                _ => Some((model.act(&step, alert, now), site.act(&step, alert.unwrap_or(AlertId([0; 16])), wish, seen))),
            };
            match expected {
                None => {}
                Some((Expected::Refused, Err(_))) => {}
                Some((Expected::Before(known), Ok(Fulfilled::Before(revision)))) => {
                    prop_assert_eq!(revision.alert, known);
                    prop_assert_eq!(revision.number as usize, model.alerts[&known].len());
                }
                Some((Expected::Next(of, state), Ok(Fulfilled::New(revision)))) => {
                    prop_assert!(of.is_none_or(|alert| alert == revision.alert));
                    model.alerts.entry(revision.alert).or_default().push(state);
                    model.recorded = model.recorded.max(now.unwrap());
                    if let What::Issue { key: Some(key), .. } = step.what {
                        model.keys.insert((step.by, key), revision.alert);
                    }
                }
                Some((_, done)) => prop_assert!(false, "{step:?}: {done:?}"),
            }
            let table = site.table();
            let now = now.unwrap_or(source);
            for at in model.edges().into_iter().chain([now, now + 30 * HOUR]) {
                for number in 0..NUMBERS {
                    prop_assert_eq!(found(&table, number, at), model.in_force(number, at), "{} at {}", number, at);
                }
            }
        }
    }
}
