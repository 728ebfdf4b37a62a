//! A province with one office, its officers for data protection, and citizens.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use identity::{
    AgencyLevel, CodeOrigin, Config, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition, Residence,
    SecondFactorRule, Validity,
};
use kernel::working_calendar::{CalendarPlan, default_hours, default_weekdays};
use kernel::{AccountId, Actor, AgencyId, Citizen, Clock, Official, PersonId, PositionId, WorkingCalendar};
use notify::Notify;
use op::{Jobs, Keepers, Op, Ops, Reactions};
use privacy::{Declaration, Kind, NewRequest, Privacy};
use render::{Documents, Renderer};
use schema::Problems;
use testkit::Scratch;
use uuid::Uuid;
use vault::Vault;

pub const DECLARATION: &str = include_str!("../../../../province/hau-giang/personal_data.yaml");

pub struct Town {
    pub scratch: Scratch,
    pub ops: Ops,
    pub identity: Identity,
    pub notify: Notify,
    pub privacy: Privacy,
    pub jobs: Jobs,
    agency: AgencyId,
    position: PositionId,
}

/// A moment in Vietnam.
pub fn at(text: &str) -> DateTime<Utc> {
    kernel::from_local(format!("{text}:00").parse().unwrap())
}

/// Tết 2026 off from 14 to 22 February, as the province's calendar has it.
fn calendar() -> WorkingCalendar {
    let day = |day: u32| NaiveDate::from_ymd_opt(2026, 2, day).unwrap();
    let plan = CalendarPlan {
        working_hours: default_hours(),
        working_weekdays: default_weekdays(),
        days_off: (14..=22).map(|n| (day(n), "Tết".to_owned())).collect(),
        make_up_days: std::collections::BTreeMap::new(),
        known_until: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
    };
    WorkingCalendar::new(plan).unwrap()
}

impl Town {
    pub async fn new() -> Self {
        let scratch = Scratch::new(&[
            identity::MIGRATIONS,
            notify::MIGRATIONS,
            workflow::MIGRATIONS,
            privacy::MIGRATIONS,
        ])
        .await;
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let hashing = Hashing {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
            at_once: 4,
        };
        let config = Config {
            hashing,
            second_factor: SecondFactorRule::Offered,
            policy: testkit::policy(),
            ..Config::default()
        };
        let identity = Identity::new(scratch.pool.clone(), clock.clone(), vault, config).unwrap();
        let notify = Notify::new(identity.vault().clone());
        let privacy = engine(&identity, &notify, DECLARATION);
        let mut jobs = Jobs::new();
        privacy::register(&mut jobs, &privacy);
        let ops = {
            let mut reactions = Reactions::new();
            privacy::register_bounds(&mut reactions, &privacy);
            Ops::new(scratch.pool.clone(), clock, reactions, testkit::policy())
        };
        let mut op = ops.open(Actor::System("province")).await.unwrap();
        let (agency, position) = office(&identity, &mut op).await;
        op.commit().await.unwrap();
        Self {
            scratch,
            ops,
            identity,
            notify,
            privacy,
            jobs,
            agency,
            position,
        }
    }

    /// The engine once more, with another declaration.
    pub fn declaring(&self, source: &str) -> Privacy {
        engine(&self.identity, &self.notify, source)
    }

    pub fn set(&self, moment: &str) {
        self.scratch.clock.set(at(moment));
    }

    async fn person(&self, name: &str, login: &str) -> (PersonId, AccountId) {
        self.numbered(name, login, None).await
    }

    async fn numbered(&self, name: &str, login: &str, number: Option<&str>) -> (PersonId, AccountId) {
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let new = NewPerson {
            personal_number: number.map(|number| number.parse().unwrap()),
            email: Some(format!("{login}@example.vn")),
            phone: Some("0912345678".parse().unwrap()),
            birth_date: NaiveDate::from_ymd_opt(1992, 4, 17),
            residence: Some(Residence {
                ward_code: "31340".into(),
                detail: "Khu vực 1".into(),
            }),
            ..NewPerson::named(name)
        };
        let person = self.identity.register_person(&mut op, &new).await.unwrap();
        let new = NewAccount {
            person,
            login: login.into(),
            password: None,
        };
        let account = self.identity.create_account(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        (person, account)
    }

    pub async fn citizen(&self, name: &str, login: &str) -> Actor {
        let (person, account) = self.person(name, login).await;
        Actor::Citizen(Citizen {
            account,
            person,
            name: name.into(),
            acts_for: None,
        })
    }

    pub async fn citizen_numbered(&self, name: &str, login: &str, number: &str) -> Actor {
        let (person, account) = self.numbered(name, login, Some(number)).await;
        Actor::Citizen(Citizen {
            account,
            person,
            name: name.into(),
            acts_for: None,
        })
    }

    /// An officer for data protection.
    pub async fn officer(&self, name: &str, login: &str) -> Actor {
        let (person, account) = self.person(name, login).await;
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let since = Validity::since("2020-01-01".parse().unwrap());
        self.identity
            .hold_position(&mut op, person, self.position, since)
            .await
            .unwrap();
        op.commit().await.unwrap();
        self.official(person, account, name, "data_protection")
    }

    pub fn official(&self, person: PersonId, account: AccountId, name: &str, role: &str) -> Actor {
        Actor::Official(Official {
            account,
            person,
            name: name.into(),
            position: self.position,
            position_title: "Cán bộ bảo vệ dữ liệu".into(),
            agency: self.agency,
            agency_code: "H30.14".into(),
            agency_name: "Sở Thông tin và Truyền thông".into(),
            unit: None,
            roles: vec![role.into()],
            below: Vec::new(),
            stands_for: None,
        })
    }

    pub async fn op(&self, actor: &Actor) -> Op {
        self.ops.open(actor.clone()).await.unwrap()
    }

    pub async fn ask(&self, actor: &Actor, kind: Kind) -> Uuid {
        let new = NewRequest {
            kind,
            details: "Số điện thoại cũ.".into(),
            wishes: Vec::new(),
            purposes: Vec::new(),
        };
        let mut op = self.op(actor).await;
        let id = self.privacy.ask(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    pub async fn see(&self, actor: &Actor, id: Uuid) -> privacy::Detail {
        let mut op = self.op(actor).await;
        let detail = self.privacy.request(&mut op, id).await.unwrap();
        op.commit().await.unwrap();
        detail
    }

    pub async fn acknowledge(&self, actor: &Actor, id: Uuid, third_party: bool) {
        let mut op = self.op(actor).await;
        self.privacy.acknowledge(&mut op, id, third_party).await.unwrap();
        op.commit().await.unwrap();
    }

    /// Kinds of the messages in a box, the oldest first.
    pub async fn told(&self, actor: &Actor) -> Vec<String> {
        let mut op = self.op(actor).await;
        let page = db::PageRequest::new(None, Some(200));
        let account = actor.account().unwrap();
        let page = self.notify.box_page(&mut op, account, page).await.unwrap();
        page.items.into_iter().rev().map(|message| message.kind).collect()
    }
}

fn engine(identity: &Identity, notify: &Notify, declaration: &str) -> Privacy {
    let mut keepers = Keepers::new();
    keepers.add(identity.clone());
    keepers.add(notify.clone());
    let mut problems = Problems::new();
    let declaration = Declaration::read("personal_data.yaml", declaration, &mut problems).unwrap();
    Privacy::new(privacy::Parts {
        identity: identity.clone(),
        notify: notify.clone(),
        calendar: Arc::new(calendar()),
        renderer: Arc::new(Renderer::builder().build().unwrap()),
        documents: Arc::new(Documents::new(privacy::documents::templates()).unwrap()),
        declaration: Arc::new(declaration),
        keepers,
    })
}

async fn office(identity: &Identity, op: &mut Op) -> (AgencyId, PositionId) {
    let since = Validity::since("2020-01-01".parse().unwrap());
    let agency = NewAgency {
        code: "H30.14".parse().unwrap(),
        origin: CodeOrigin::Local,
        name: "Sở Thông tin và Truyền thông".into(),
        level: AgencyLevel::Department,
        kind: "department".into(),
        parent: None,
        area_code: None,
        address: String::new(),
        phone: String::new(),
        validity: since,
    };
    let agency = identity.upsert_agency(op, &agency).await.unwrap();
    let position = NewPosition {
        agency,
        unit: None,
        code: "data".into(),
        title: "Cán bộ bảo vệ dữ liệu".into(),
        roles: vec!["data_protection".into()],
        validity: since,
    };
    let position = identity.upsert_position(op, &position).await.unwrap();
    (agency, position)
}
