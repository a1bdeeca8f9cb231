//! Scripts of what brokers, gateways and lists do, run against submissions in simulated time; what the
//! caller was told is compared with the broker's book, which is a list of rows.
//!
//! Each script has a seed. By default these are the same scripts in every run.
//! `CLEAR_STREET_ORDER_SCRIPTS` sets their number and picks them at random; 100,000 take some minutes
//! in a release build. `PROPTEST_RNG_SEED` is the seed of the first script, and each further one
//! has the next number: with the seed of a script that fails and a number of 1, it runs alone. The
//! smallest script that breaks each promise is printed.

mod judge;
mod kinds;
mod script;
mod server;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use self::judge::{Violation, judge};
use self::kinds::OTHERS;
use self::script::{Answer, Look, Script, Stranger, scripts};
use self::world::World;

/// So often a script that fails is made smaller.
const STEPS: usize = 800;

/// So many broken promises are shown with a script.
const SHOWN: usize = 3;

/// What came of all scripts.
#[derive(Default)]
struct Survey {
    scripts: u64,
    happened: BTreeMap<&'static str, u64>,
    /// By promise: how many scripts broke it, and the seed of the first.
    violations: BTreeMap<&'static str, (u64, u64)>,
}

impl Survey {
    /// Of the scripts that the environment asks for; made once.
    fn get() -> &'static Self {
        static SURVEY: OnceLock<Survey> = OnceLock::new();
        SURVEY.get_or_init(Self::make)
    }

    fn make() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
        let wanted = number("CLEAR_STREET_ORDER_SCRIPTS");
        let scripts = wanted.unwrap_or(2_000);
        let first = number("PROPTEST_RNG_SEED");
        let first = first.unwrap_or_else(|| if wanted.is_some() { fastrand::u64(..1 << 62) } else { 0 });
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
        let parts = std::thread::scope(|scope| {
            let part = |thread| {
                let seeds = (first + thread..first + scripts).step_by(threads as usize);
                scope.spawn(move || Self::of(seeds))
            };
            let parts: Vec<_> = (0..threads).map(part).collect();
            parts.into_iter().map(|part| part.join().unwrap()).collect::<Vec<_>>()
        });
        parts.into_iter().fold(Self::default(), Self::and)
    }

    fn of(seeds: impl Iterator<Item = u64>) -> Self {
        let mut survey = Self::default();
        for seed in seeds {
            let script = tree(seed).current();
            let world = World::play(&script);
            survey.scripts += 1;
            let happened = world.broker.state().happened.clone();
            for name in happened.into_iter().chain(script.settings()) {
                *survey.happened.entry(name).or_default() += 1;
            }
            let broken: BTreeMap<_, _> = judge(&script, &world).into_iter().collect();
            for promise in broken.into_keys() {
                survey.violations.entry(promise).or_insert((0, seed)).0 += 1;
            }
        }
        survey
    }

    fn and(mut self, other: Self) -> Self {
        self.scripts += other.scripts;
        for (name, count) in other.happened {
            *self.happened.entry(name).or_default() += count;
        }
        for (promise, (count, seed)) in other.violations {
            let entry = self.violations.entry(promise).or_insert((0, seed));
            *entry = (entry.0 + count, entry.1.min(seed));
        }
        self
    }
}

fn tree(seed: u64) -> impl ValueTree<Value = Script> {
    let config = Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    scripts().new_tree(&mut TestRunner::new(config)).unwrap()
}

/// The smallest script that breaks a promise, and how it does.
fn smallest(promise: &str, seed: u64) -> (Script, Vec<Violation>) {
    let breaks = |script: &Script| {
        let violations = judge(script, &World::play(script));
        violations.iter().any(|(broken, _)| *broken == promise).then_some(violations)
    };
    let mut tree = tree(seed);
    let mut smallest = (tree.current(), breaks(&tree.current()).unwrap_or_default());
    for _ in 0..STEPS {
        let goes_on = match breaks(&tree.current()) {
            Some(violations) => {
                smallest = (tree.current(), violations);
                tree.simplify()
            }
            None => tree.complicate(),
        };
        if !goes_on {
            break;
        }
    }
    smallest
}

/// No order is sent twice, and what the caller is told is true; see `judge` for the promises.
#[test]
fn orders_are_sent_once_and_what_is_said_of_them_is_true() {
    let survey = Survey::get();
    if survey.violations.is_empty() {
        return;
    }
    let mut report = format!("{} scripts break promises:\n", survey.scripts);
    for (promise, (count, seed)) in &survey.violations {
        writeln!(report, "{count:7}  {promise} (seed {seed})").unwrap();
    }
    for (promise, (_, seed)) in survey.violations.iter().take(SHOWN) {
        let (script, violations) = smallest(promise, *seed);
        writeln!(report, "\n{promise}, seed {seed}, made smaller:\n{script:#?}\n{violations:#?}").unwrap();
    }
    panic!("{report}");
}

#[test]
fn every_kind_of_fault_occurs_in_one_of_a_hundred_scripts() {
    let survey = Survey::get();
    let rare = |name: &&&str| survey.happened.get(**name).is_none_or(|count| count * 100 < survey.scripts);
    let kinds = [Answer::LABELS, Look::LABELS, Stranger::LABELS, OTHERS].concat();
    let rare: Vec<_> = kinds.iter().filter(rare).collect();
    let unknown: Vec<_> = survey.happened.keys().filter(|name| !kinds.contains(name)).collect();
    assert!(unknown.is_empty(), "counted, but in no list: {unknown:?}");
    assert!(rare.is_empty(), "too rare: {rare:?} of {}: {:#?}", survey.scripts, survey.happened);
}
