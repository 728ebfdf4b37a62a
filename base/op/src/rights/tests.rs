use kernel::{AccountId, Citizen, Official, PersonId, PositionId, UnitId};
use schema::Problems;

use super::*;

const DECLARED: &str = "
format: 1
roles:
  - { key: visitor, name_vi: Khách, name_en: Visitor }
  - { key: account, name_vi: Tài khoản, name_en: Account, grants: [{ actions: [box.read], scope: own }] }
  - { key: citizen, name_vi: Công dân, name_en: Citizen, grants: [{ actions: [case.view, case.submit], scope: own }] }
  - { key: official, name_vi: Cán bộ, name_en: Official, grants: [{ actions: [case.view], scope: agency }] }
  - { key: clerk, name_vi: Một cửa, name_en: Clerk, grants: [{ actions: [case.take_in], scope: agency }] }
  - { key: inspector, name_vi: Thanh tra, name_en: Inspector, grants: [{ actions: [case.view], scope: below }] }
  - { key: registrar, name_vi: Hộ tịch, name_en: Registrar, grants: [{ actions: [case.view], scope: province, fields: [Hộ tịch] }] }
  - { key: unit_head, name_vi: Phụ trách đơn vị, name_en: Head of a unit, grants: [{ actions: [case.assign], scope: unit }] }
  - { key: admin, name_vi: Quản trị, name_en: Administrator, privileged: true, grants: [{ actions: [house.order], scope: province }] }
separated:
  - { roles: [clerk, admin], basis: for the test }
";

fn policy() -> Policy {
    let mut problems = Problems::new();
    let policy = Policy::read("access.yaml", DECLARED, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    policy.unwrap()
}

fn official(agency: AgencyId, below: Vec<AgencyId>, roles: &[&str]) -> Actor {
    Actor::Official(Official {
        account: AccountId::new(),
        person: PersonId::new(),
        name: "Trần Văn Lúa".into(),
        position: PositionId::new(),
        position_title: "Công chức".into(),
        agency,
        agency_code: "H30.29.01".into(),
        agency_name: "UBND phường mẫu".into(),
        unit: None,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        below,
        stands_for: None,
    })
}

fn citizen() -> Actor {
    Actor::Citizen(Citizen {
        account: AccountId::new(),
        person: PersonId::new(),
        name: "Lê Thị Sen".into(),
        acts_for: None,
    })
}

#[test]
fn a_right_reaches_as_far_as_its_scope() {
    let policy = policy();
    let (own, below, other) = (AgencyId::new(), AgencyId::new(), AgencyId::new());
    let sees = |roles: &[&str], agency: AgencyId, field: Option<&str>| {
        let actor = official(own, vec![below], roles);
        let place = [agency];
        policy
            .rights_of(&actor)
            .covers("case.view", &Place::of(&place).in_field(field))
    };
    let row = |roles: &[&str]| [own, below, other].map(|agency| sees(roles, agency, None));
    assert_eq!(row(&["clerk"]), [true, false, false]);
    assert_eq!(row(&["inspector"]), [true, true, false]);
    assert_eq!(
        row(&["registrar"]),
        [true, false, false],
        "a field that is not known is not the right one"
    );
    assert!(sees(&["registrar"], other, Some("Hộ tịch")));
    assert!(!sees(&["registrar"], other, Some("Đất đai")));
    assert_eq!(
        row(&["gone"]),
        [true, false, false],
        "a role that nobody declares gives nothing"
    );
}

#[test]
fn what_is_ones_own_is_nobody_elses() {
    let policy = policy();
    let actor = citizen();
    let rights = policy.rights_of(&actor);
    let own = Place {
        own: true,
        ..Place::default()
    };
    assert!(rights.covers("case.view", &own));
    assert!(!rights.covers("case.view", &Place::default()));
    assert!(rights.may("box.read"));
    assert!(!rights.may("case.take_in"));
    assert!(!rights.may("case.unheard_of"));
    assert!(!policy.rights_of(&Actor::Anonymous).may("box.read"));
    assert!(policy.rights_of(&Actor::System("timer")).may("case.unheard_of"));
    let admin = official(AgencyId::new(), Vec::new(), &["admin"]);
    assert!(
        !policy.rights_of(&admin).may("case.submit"),
        "an official is no citizen"
    );
    assert!(policy.rights_of(&admin).everywhere("house.order"));
}

#[test]
fn the_wall_is_as_wide_as_the_widest_right_about_people() {
    let mut policy = policy();
    let widest = |policy: &Policy, actor: &Actor, engine: &str| policy.rights_of(actor).reach_in(engine);
    let in_office = |roles: &[&str]| official(AgencyId::new(), Vec::new(), roles);
    assert_eq!(widest(&policy, &citizen(), "case"), Some(Scope::Own));
    assert_eq!(widest(&policy, &in_office(&[]), "case"), Some(Scope::Agency));
    assert_eq!(widest(&policy, &in_office(&["inspector"]), "case"), Some(Scope::Below));
    assert_eq!(widest(&policy, &in_office(&["admin"]), "case"), Some(Scope::Agency));
    assert_eq!(widest(&policy, &in_office(&["admin"]), "house"), Some(Scope::Province));
    assert_eq!(widest(&policy, &Actor::Anonymous, "case"), None);
    const ACTIONS: &[Action] = &[
        Action::personal("case.view"),
        Action::personal("case.submit"),
        Action::personal("case.take_in"),
        Action::personal("case.assign"),
        Action::personal("box.read"),
        Action::new("house.order"),
    ];
    assert!(policy.bind(ACTIONS).is_empty());
    assert_eq!(
        widest(&policy, &in_office(&["admin"]), "house"),
        None,
        "ordering the house shows nobody"
    );
    assert_eq!(policy.bind(&ACTIONS[1..]), ["case.view"]);
    assert!(policy.reaches_below(&["inspector".into()]));
    assert!(!policy.reaches_below(&["clerk".into()]));
}

#[test]
fn duties_are_separated_both_ways() {
    let policy = policy();
    let actor = citizen();
    let separated = |role: &str| policy.rights_of(&actor).separated_from(role);
    assert_eq!(separated("clerk"), ["admin"]);
    assert_eq!(separated("admin"), ["clerk"]);
    assert!(separated("inspector").is_empty());
    assert_eq!(
        policy.position_roles(),
        ["admin", "clerk", "inspector", "registrar", "unit_head"]
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut problems = Problems::new();
    let source = "
format: 1
roles:
  - { key: clerk, name_vi: Một cửa, name_en: Clerk, grants: [{ actions: [take in], scope: agency }, { actions: [a.b], scope: world }] }
  - { key: clerk, name_vi: Một cửa, name_en: Clerk, colour: red, grants: [{ actions: [a.b, a.b], scope: own }] }
separated:
  - { roles: [clerk, clerk], basis: x }
  - { roles: [clerk, ghost], basis: x }
";
    assert_eq!(Policy::read("access.yaml", source, &mut problems), None);
    let codes = problems.codes();
    for code in [
        "op.action_malformed",
        "op.role_twice",
        "op.role_missing",
        "op.grant_twice",
        "op.separation",
        "op.role_unknown",
    ] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
}

#[test]
fn lists_reach_the_agencies_of_the_widest_right_and_none_of_a_field() {
    let policy = policy();
    let (own, below) = (AgencyId::new(), AgencyId::new());
    let reach = |roles: &[&str], action: &str| {
        let actor = official(own, vec![below], roles);
        policy.rights_of(&actor).agencies_in_reach(action)
    };
    assert_eq!(reach(&["clerk"], "case.view"), Some(vec![own]));
    assert_eq!(reach(&["inspector"], "case.view"), Some(vec![own, below]));
    assert_eq!(
        reach(&["registrar"], "case.view"),
        Some(vec![own]),
        "a field is no agency"
    );
    assert_eq!(reach(&["admin"], "house.order"), None);
    assert_eq!(reach(&["clerk"], "house.order"), Some(Vec::new()));
    assert_eq!(
        policy.rights_of(&citizen()).agencies_in_reach("case.view"),
        Some(Vec::new())
    );
}

/// A role for emergencies stands beside those of positions; which roles decide is declared.
#[test]
fn roles_for_emergencies_are_no_positions_and_leave_their_mark() {
    let declared = DECLARED.replace(
        "separated:",
        "  - { key: night, name_vi: Khẩn cấp, name_en: Emergency, emergency: true, grants: [{ actions: [case.view], scope: province }] }
  - { key: chair, name_vi: Lãnh đạo, name_en: Leader, decides: true }
separated:",
    );
    let mut problems = Problems::new();
    let policy = Policy::read("access.yaml", &declared, &mut problems).unwrap();
    assert_eq!(policy.emergency_roles(), ["night"]);
    assert!(!policy.position_roles().contains(&"night".to_owned()));
    assert!(policy.position_roles().contains(&"chair".to_owned()));
    let (calm, taken) = (
        official(AgencyId::new(), Vec::new(), &["clerk"]),
        official(AgencyId::new(), Vec::new(), &["clerk", "night"]),
    );
    assert_eq!(policy.rights_of(&calm).emergency(), None);
    assert_eq!(policy.rights_of(&taken).emergency(), Some("night"));
    assert_eq!(
        policy.rights_of(&taken).reach_in("case"),
        Some(Scope::Province),
        "the wall follows"
    );
    let rights = policy.rights_of(&calm);
    assert!(rights.decides("chair") && !rights.decides("clerk") && !rights.decides("nobody"));
}

/// A right in the own unit is one in that unit and nowhere else: not in another of the same agency, not in what lies with the agency as a whole, and
/// not in a unit of another agency either, whatever it is called.
#[test]
fn a_right_in_the_unit_ends_at_its_door() {
    let policy = policy();
    let (agency, own, other) = (AgencyId::new(), UnitId::new(), UnitId::new());
    let of_unit = |unit: Option<UnitId>, roles: &[&str]| match official(agency, Vec::new(), roles) {
        Actor::Official(official) => Actor::Official(Official { unit, ..official }),
        actor => actor,
    };
    let agencies = [agency];
    let assigns = |actor: &Actor, units: &[UnitId]| {
        let place = Place::of(&agencies).in_units(units);
        policy.rights_of(actor).covers("case.assign", &place)
    };
    let head = of_unit(Some(own), &["unit_head"]);
    assert!(assigns(&head, &[own]));
    assert!(assigns(&head, &[other, own]));
    assert!(!assigns(&head, &[other]), "another unit of the same agency");
    assert!(!assigns(&head, &[]), "what lies with no unit");
    assert!(
        !assigns(&of_unit(None, &["unit_head"]), &[own]),
        "a position in no unit"
    );
    assert!(
        !assigns(&of_unit(None, &["unit_head"]), &[]),
        "nowhere is not the same place"
    );
    assert!(!assigns(&of_unit(Some(own), &["clerk"]), &[own]), "another role");
    let rights = policy.rights_of(&head);
    assert_eq!(rights.unit_in_reach("case.assign"), Some(own));
    assert_eq!(rights.unit_in_reach("case.view"), None);
    assert_eq!(
        rights.agencies_in_reach("case.assign"),
        Some(Vec::new()),
        "the agency is not in reach"
    );
    assert!(!rights.everywhere("case.assign"));
    assert!(rights.may("case.assign"), "some of it");
    assert!(Scope::Own < Scope::Unit && Scope::Unit < Scope::Agency);
}
