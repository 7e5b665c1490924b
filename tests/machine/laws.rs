//! Laws that hold in every state and for every step.

use conc::machine::Time;
use proptest::prelude::*;

use crate::graph::{Graph, machine};
use crate::scenarios::{SCENARIOS, any_scenario};

/// So many scenarios, or as many as somebody with more time asks for.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("LAWS_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn hold_for_every_kind_of_object() {
    let (mut diamonds, mut releases) = (0, 0);
    for text in SCENARIOS {
        for (time, late) in [(Time::Any, false), (Time::Any, true), (Time::Prompt, false)] {
            let machine = machine(text, time, late);
            let graph = Graph::check(&machine, text, 400);
            diamonds += graph.diamonds;
            releases += graph.releases;
        }
    }
    assert!(diamonds > 1_000 && releases > 1_000, "{diamonds} {releases}");
}

proptest! {
    #![proptest_config(config(80))]

    #[test]
    fn hold_for_any_scenario(text in any_scenario(4), prompt in any::<bool>(), late in any::<bool>()) {
        let machine = machine(&text, if prompt { Time::Prompt } else { Time::Any }, late);
        Graph::check(&machine, &text, 80);
    }
}
