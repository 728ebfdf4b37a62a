//! A province with a department, a ward, and officials in both.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use identity::{
    AgencyLevel, CodeOrigin, Config, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition,
    SecondFactorRule, Validity,
};
use kernel::working_calendar::{CalendarPlan, default_hours, default_weekdays};
use kernel::{AccountId, Actor, AgencyId, Clock, Fault, PersonId, Result, WorkingCalendar};
use notify::Notify;
use op::{Jobs, Op, Ops, Reactions};
use oversight::{Declaration, Oversight, Parts};
use render::{Documents, Renderer};
use schema::Problems;
use testkit::Scratch;
use vault::Vault;

pub const DECLARATION: &str = include_str!("../../../../province/hau-giang/oversight.yaml");

pub struct Town {
    pub scratch: Scratch,
    pub ops: Ops,
    pub identity: Identity,
    pub notify: Notify,
    pub oversight: Oversight,
    pub jobs: Jobs,
    /// The department; the ward lies below it.
    pub department: AgencyId,
    pub ward: AgencyId,
}

/// An official with an account.
pub struct Who {
    pub account: AccountId,
    pub person: PersonId,
}

/// A moment in Vietnam.
pub fn at(text: &str) -> DateTime<Utc> {
    kernel::from_local(format!("{text}:00").parse().unwrap())
}

fn calendar() -> WorkingCalendar {
    let plan = CalendarPlan {
        working_hours: default_hours(),
        working_weekdays: default_weekdays(),
        days_off: BTreeMap::new(),
        make_up_days: BTreeMap::new(),
        known_until: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
    };
    WorkingCalendar::new(plan).unwrap()
}

impl Town {
    /// On Monday 6 July 2026, in the first days of a quarter, under the rules of the province.
    pub async fn new() -> Self {
        Self::declaring(DECLARATION).await
    }

    pub async fn declaring(declaration: &str) -> Self {
        let scratch = Scratch::new(&[
            identity::MIGRATIONS,
            notify::MIGRATIONS,
            workflow::MIGRATIONS,
            oversight::MIGRATIONS,
        ])
        .await;
        scratch.clock.set(at("2026-07-06T08:00"));
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let config = Config {
            hashing: Hashing {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
                at_once: 4,
            },
            second_factor: SecondFactorRule::Offered,
            policy: testkit::policy(),
            ..Config::default()
        };
        let identity = Identity::new(scratch.pool.clone(), clock.clone(), vault, config).unwrap();
        let notify = Notify::new(identity.vault().clone());
        let mut problems = Problems::new();
        let declaration = Declaration::read("oversight.yaml", declaration, &mut problems);
        let oversight = Oversight::new(Parts {
            identity: identity.clone(),
            notify: notify.clone(),
            calendar: Arc::new(calendar()),
            renderer: Arc::new(Renderer::builder().build().unwrap()),
            documents: Arc::new(Documents::new(oversight::documents::templates()).unwrap()),
            declaration: declaration.unwrap_or_else(|| panic!("{problems}")),
        });
        let (mut jobs, mut reactions) = (Jobs::new(), Reactions::new());
        oversight::register(&mut jobs, &oversight);
        identity::jobs::register(&mut jobs, &identity);
        oversight::register_reactions(&mut reactions, &oversight);
        let ops = Ops::new(scratch.pool.clone(), clock, reactions, testkit::policy());
        let mut op = ops.open(Actor::System("province")).await.unwrap();
        let department = agency(&identity, &mut op, "H30.14", "Sở Thông tin và Truyền thông", None).await;
        let ward = agency(&identity, &mut op, "H30.29.01", "UBND phường Ngã Bảy", Some("H30.14")).await;
        op.commit().await.unwrap();
        Self {
            scratch,
            ops,
            identity,
            notify,
            oversight,
            jobs,
            department,
            ward,
        }
    }

    pub fn set(&self, moment: &str) {
        self.scratch.clock.set(at(moment));
    }

    /// An official with a position of their own that carries these roles.
    pub async fn official(&self, agency: AgencyId, name: &str, login: &str, roles: &[&str]) -> Who {
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let new = NewPosition {
            agency,
            unit: None,
            code: login.replace('.', "-"),
            title: format!("Vị trí {login}"),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            validity: Validity::since("2020-01-01".parse().unwrap()),
        };
        let position = self.identity.upsert_position(&mut op, &new).await.unwrap();
        let person = self
            .identity
            .register_person(&mut op, &NewPerson::named(name))
            .await
            .unwrap();
        let since = Validity::since("2024-01-01".parse().unwrap());
        self.identity
            .hold_position(&mut op, person, position, since)
            .await
            .unwrap();
        let new = NewAccount {
            person,
            login: login.into(),
            password: None,
        };
        let account = self.identity.create_account(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        Who { account, person }
    }

    /// Who somebody is now.
    pub async fn actor(&self, who: &Who) -> Actor {
        let mut connection = self.scratch.pool.acquire().await.unwrap();
        let now = self.ops.now();
        self.identity.actor_of(&mut connection, who.account, now).await.unwrap()
    }

    pub async fn op(&self, who: &Who) -> Op {
        self.ops.open(self.actor(who).await).await.unwrap()
    }

    /// Lets the workers do what waits, what comes back every hour and day included.
    pub async fn work(&self) {
        op::begin_recurring(&self.ops, &self.jobs).await.unwrap();
        op::drain(&self.ops, &self.jobs).await.unwrap();
    }

    /// Kinds of the messages in a box, the oldest first.
    pub async fn told(&self, who: &Who) -> Vec<String> {
        let mut op = self.op(who).await;
        let page = db::PageRequest::new(None, Some(200));
        let page = self.notify.box_page(&mut op, who.account, page).await.unwrap();
        page.items.into_iter().rev().map(|message| message.kind).collect()
    }

    /// The roles of somebody now.
    pub async fn roles(&self, who: &Who) -> Vec<String> {
        let actor = self.actor(who).await;
        actor.official().map(|one| one.roles.clone()).unwrap_or_default()
    }

    pub async fn state(&self, who: &Who) -> String {
        sqlx::query_scalar("SELECT state FROM identity.account WHERE id = $1")
            .bind(who.account.uuid())
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap()
    }

    /// Somebody comes in.
    pub async fn came_in(&self, who: &Who) {
        sqlx::query("UPDATE identity.account SET last_sign_in_at = $2 WHERE id = $1")
            .bind(who.account.uuid())
            .bind(self.ops.now())
            .execute(&self.scratch.pool)
            .await
            .unwrap();
    }
}

async fn agency(identity: &Identity, op: &mut Op, code: &str, name: &str, parent: Option<&str>) -> AgencyId {
    let new = NewAgency {
        code: code.parse().unwrap(),
        origin: CodeOrigin::Local,
        name: name.into(),
        level: if parent.is_some() {
            AgencyLevel::Commune
        } else {
            AgencyLevel::Department
        },
        kind: "office".into(),
        parent: parent.map(|code| code.parse().unwrap()),
        area_code: None,
        address: String::new(),
        phone: String::new(),
        validity: Validity::since("2020-01-01".parse().unwrap()),
    };
    identity.upsert_agency(op, &new).await.unwrap()
}

pub fn code<T>(outcome: Result<T, Fault>) -> &'static str {
    outcome.err().map_or("it worked", |fault| fault.code)
}
