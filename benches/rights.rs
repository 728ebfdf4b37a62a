//! A decision about rights in the process: who may do this, to what belongs there. Goal at most 5 µs. `cargo bench -p op --bench rights`;
//! `DECISIONS` changes the run. Every decision reads the declared rights of the province anew, as the platform does.

use std::{hint::black_box, time::Instant};

use kernel::{AccountId, Actor, AgencyId, Official, PersonId, PositionId};
use op::{Place, Policy};

/// An official with so many roles, the declared ones first, who reaches so many agencies below.
fn official(policy: &Policy, roles: usize, below: usize) -> Actor {
    let declared = policy.position_roles().into_iter();
    let more = (0..).map(|number| format!("role_{number}"));
    Actor::Official(Official {
        account: AccountId::new(),
        person: PersonId::new(),
        name: "Nguyễn Văn Mẫu".into(),
        position: PositionId::new(),
        position_title: "Chuyên viên".into(),
        agency: AgencyId::new(),
        agency_code: "H30.19".into(),
        agency_name: "Cơ quan mẫu".into(),
        unit: None,
        roles: declared.chain(more).take(roles).collect(),
        below: (0..below).map(|_| AgencyId::new()).collect(),
        stands_for: None,
    })
}

fn nanoseconds(times: u64, mut decide: impl FnMut() -> bool) -> (f64, u64) {
    let (begin, mut allowed) = (Instant::now(), 0);
    for _ in 0..times {
        allowed += u64::from(decide());
    }
    (begin.elapsed().as_nanos() as f64 / times as f64, allowed)
}

fn main() {
    let times = std::env::var("DECISIONS").ok().and_then(|text| text.parse().ok());
    let times = times.unwrap_or(2_000_000);
    let policy = testkit::policy();
    println!("{:<44} {:>10} {:>10}", "decision", "ns", "goal ns");
    for (roles, below) in [(1, 0), (20, 0), (20, 570)] {
        let actor = official(&policy, roles, below);
        let own = [actor.agency().expect("an official has one")];
        let foreign = [AgencyId::new(), AgencyId::new()];
        for (what, action, agencies) in [
            ("own agency", "dossiers.act", &own[..]),
            ("foreign agencies", "dossiers.view", &foreign[..]),
            ("an action nobody gives", "dossiers.find_late", &own[..]),
        ] {
            let place = Place::of(agencies).in_field(Some("Hộ tịch"));
            let decide = || {
                policy
                    .rights_of(black_box(&actor))
                    .covers(black_box(action), black_box(&place))
            };
            let (took, allowed) = nanoseconds(times, decide);
            let label = format!("{roles} roles, {below} below, {what}");
            println!(
                "{label:<44} {took:>10.0} {:>10}   {}",
                5_000,
                if allowed > 0 { "allowed" } else { "refused" }
            );
        }
    }
}
