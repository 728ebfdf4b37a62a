//! A small town: one ward, its People's Committee, and whoever a test lets live there.

use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use identity::{
    AgencyLevel, CodeOrigin, Config, Entered, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition,
    NewUnit, SecondFactorRule, SignIn, SignedIn, Source, Validity,
};
use kernel::{AccountId, Actor, AgencyId, Clock, Fault, PersonId, PositionId, Result, local_date};
use op::{Jobs, NewJob, Op};
use testkit::Scratch;
use vault::Vault;
use web::Identify;

/// A password that all rules accept, also for officials.
pub const PASSWORD: &str = "bông súng nở trên rạch";

/// A browser in a house of the town.
pub const HOME: Source<'static> = Source {
    device: None,
    ip: "203.0.113.7",
    user_agent: "Mozilla/5.0 (phone)",
};

pub struct Town {
    pub scratch: Scratch,
    pub identity: Identity,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn cheap() -> Config {
    let hashing = Hashing {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
        at_once: 4,
    };
    Config {
        hashing,
        second_factor: SecondFactorRule::Offered,
        policy: testkit::policy(),
        ..Config::default()
    }
}

impl Town {
    pub async fn new() -> Self {
        let scratch = Scratch::new(&[identity::MIGRATIONS]).await;
        let identity = engine(&scratch, cheap());
        Self { scratch, identity }
    }

    pub fn advance(&self, span: Duration) {
        self.scratch.clock.advance(span);
    }

    pub fn today(&self) -> NaiveDate {
        local_date(self.scratch.clock.now())
    }

    pub async fn op(&self, actor: &Actor) -> Op {
        self.scratch.ops.open(actor.clone()).await.unwrap()
    }

    pub async fn loader(&self) -> Op {
        self.op(&Actor::System("province")).await
    }

    pub async fn agency(&self, code: &str, name: &str) -> AgencyId {
        let mut op = self.loader().await;
        let id = self.identity.upsert_agency(&mut op, &agency(code, name)).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    pub async fn position(&self, agency: AgencyId, code: &str, roles: &[&str]) -> PositionId {
        let mut op = self.loader().await;
        let unit = NewUnit {
            agency,
            code: "one-stop".into(),
            kind: "one_stop".into(),
            name: "Bộ phận một cửa".into(),
            validity: Validity::since(day("2020-01-01")),
        };
        self.identity.upsert_unit(&mut op, &unit).await.unwrap();
        let new = NewPosition {
            agency,
            unit: Some("one-stop".into()),
            code: code.into(),
            title: format!("Công chức {code}"),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            validity: Validity::since(day("2020-01-01")),
        };
        let id = self.identity.upsert_position(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    pub async fn person(&self, name: &str) -> PersonId {
        self.register(&NewPerson::named(name)).await
    }

    pub async fn register(&self, new: &NewPerson) -> PersonId {
        let mut op = self.loader().await;
        let id = self.identity.register_person(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    pub async fn hold(&self, person: PersonId, position: PositionId, days: Validity) {
        let mut op = self.loader().await;
        self.identity
            .hold_position(&mut op, person, position, days)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }

    pub async fn account(&self, person: PersonId, login: &str) -> AccountId {
        let password = Some(self.identity.hash_password(PASSWORD).await.unwrap());
        let mut op = self.loader().await;
        let new = NewAccount {
            person,
            login: login.into(),
            password,
        };
        let id = self.identity.create_account(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    /// A citizen with an account.
    pub async fn citizen(&self, name: &str, login: &str) -> AccountId {
        let person = self.person(name).await;
        self.account(person, login).await
    }

    /// An official with these roles in the ward's committee, and an account.
    pub async fn official(&self, name: &str, login: &str, roles: &[&str]) -> (PersonId, PositionId) {
        let agency = self.agency("H30.29.01", "UBND phường Ngã Bảy").await;
        let position = self.position(agency, &login.replace('.', "-"), roles).await;
        let person = self.person(name).await;
        self.hold(person, position, Validity::since(day("2024-01-01"))).await;
        self.account(person, login).await;
        (person, position)
    }

    /// An official with these roles, signed in.
    pub async fn desk(&self, login: &str, roles: &[&str]) -> Actor {
        self.official("Trần Văn Lúa", login, roles).await;
        self.enter(login).await.actor
    }

    pub async fn sign_in(&self, login: &str, password: &str, source: Source<'_>) -> Result<SignedIn> {
        let attempt = SignIn {
            login,
            password,
            source,
        };
        match self.identity.sign_in(&self.scratch.ops, attempt).await? {
            Entered::In(signed) => Ok(*signed),
            Entered::Half(_) => panic!("a code is needed"),
        }
    }

    /// Signs in with the right password from home.
    pub async fn enter(&self, login: &str) -> SignedIn {
        self.sign_in(login, PASSWORD, HOME).await.unwrap()
    }

    /// The code of the refusal.
    pub async fn refused(&self, login: &str, password: &str, source: Source<'_>) -> &'static str {
        self.sign_in(login, password, source).await.unwrap_err().code
    }

    /// What the worker does soon after somebody has asked to act for another.
    pub async fn tell_concerned(&self, registration: uuid::Uuid) {
        let mut op = self.op(&Actor::System("worker")).await;
        let job = NewJob::new(
            identity::jobs::TELL_CONCERNED,
            serde_json::json!({ "registration": registration }),
        );
        op.enqueue(job).await.unwrap();
        op.commit().await.unwrap();
        self.work().await;
    }

    /// What the worker does.
    pub async fn work(&self) {
        let mut jobs = Jobs::new();
        identity::jobs::register(&mut jobs, &self.identity);
        op::drain(&self.scratch.ops, &jobs).await.unwrap();
    }

    /// Who the token stands for now.
    pub async fn actor(&self, token: &str) -> Option<Actor> {
        self.identity.session(token).await.unwrap().map(|view| view.actor)
    }

    /// The audit trail as (action, subject, purpose and detail).
    pub async fn trail(&self) -> Vec<(String, String, String)> {
        sqlx::query_as("SELECT action, subject, purpose || ' ' || detail FROM op.audit_entry ORDER BY id")
            .fetch_all(&self.scratch.pool)
            .await
            .unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.scratch.pool).await.unwrap()
    }
}

pub fn engine(scratch: &Scratch, config: Config) -> Identity {
    let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
    Identity::new(
        scratch.pool.clone(),
        scratch.clock.clone() as Arc<dyn Clock>,
        vault,
        config,
    )
    .unwrap()
}

pub fn agency(code: &str, name: &str) -> NewAgency {
    NewAgency {
        code: code.parse().unwrap(),
        origin: CodeOrigin::Local,
        name: name.into(),
        level: AgencyLevel::Commune,
        kind: "peoples_committee".into(),
        parent: None,
        area_code: None,
        address: String::new(),
        phone: String::new(),
        validity: Validity::since(day("2020-01-01")),
    }
}

pub fn code<T>(outcome: Result<T, Fault>) -> &'static str {
    outcome.err().map_or("it worked", |fault| fault.code)
}
