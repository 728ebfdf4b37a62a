//! A small town, and the simulator beside it on a port of its own.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Duration;
use federation::{Arrival, Callback, Config, Departure, Federation, Purpose, Refused, Start};
use identity::{
    AgencyLevel, CodeOrigin, Entered, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition,
    SecondFactorRule, SignIn, SignedIn, Source, Validity,
};
use kernel::{AccountId, Actor, Clock, PersonId, PersonalNumber};
use op::{Op, Ops, Reactions};
use simulators::{Behaviour, Human, Provider, Settings, Simulator};
use testkit::Scratch;
use tokio::net::TcpListener;
use tower::ServiceExt;
use url::Url;
use vault::Vault;

pub const SITE: &str = "http://127.0.0.1:9";
pub const PASSWORD: &str = "bông súng nở trên rạch";
pub const HOME: Source<'static> = Source {
    device: None,
    ip: "203.0.113.7",
    user_agent: "Mozilla/5.0 (phone)",
};

/// Places in the list of the simulator.
pub const NGAN: usize = 0;
pub const UT: usize = 1;
pub const DIEP: usize = 3;
pub const HOA: usize = 4;
pub const UT_OF_ANOTHER_DAY: usize = 5;
pub const COOPERATIVE: usize = 6;

pub struct Town {
    pub scratch: Scratch,
    pub ops: Ops,
    pub vault: Vault,
    pub identity: Identity,
    pub federation: Federation,
    pub simulator: Simulator,
}

pub fn key(provider: Provider) -> &'static str {
    match provider {
        Provider::Vneid => "vneid",
        Provider::NationalPortal => "dvcqg",
    }
}

impl Town {
    pub async fn new() -> Self {
        Self::with(SecondFactorRule::Offered).await
    }

    pub async fn with(second_factor: SecondFactorRule) -> Self {
        let scratch = Scratch::new(&[identity::MIGRATIONS, federation::MIGRATIONS]).await;
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let config = identity::Config {
            hashing: Hashing {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
                at_once: 4,
            },
            second_factor,
            policy: testkit::policy(),
            ..identity::Config::default()
        };
        let identity = Identity::new(scratch.pool.clone(), clock.clone(), vault.clone(), config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let simulator = Simulator::new(Settings {
            address: format!("http://{}", listener.local_addr().unwrap()),
            client_id: "ngabay".into(),
            client_secret: "một từ: có dấu & dấu cách".into(),
            people: Human::embedded().unwrap(),
            clock: clock.clone(),
        })
        .unwrap();
        let router = simulator.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let file = scratch.directory().join("federation.yaml");
        simulator.declare(&file).unwrap();
        let mut config = Config::at(&format!("{SITE}/")).with_file(&file, true).unwrap();
        config.patience = std::time::Duration::from_millis(700);
        let federation = Federation::new(identity.clone(), vault.clone(), config);
        let mut reactions = Reactions::new();
        federation::register_reactions(&mut reactions, &federation);
        let ops = Ops::new(scratch.pool.clone(), clock, reactions, testkit::policy());
        Self {
            scratch,
            ops,
            vault,
            identity,
            federation,
            simulator,
        }
    }

    pub fn advance(&self, span: Duration) {
        self.scratch.clock.advance(span);
    }

    pub fn human(&self, index: usize) -> &Human {
        &self.simulator.people()[index]
    }

    pub async fn op(&self, actor: &Actor) -> Op {
        self.ops.open(actor.clone()).await.unwrap()
    }

    /// Somebody of the list whom the province knows already.
    pub async fn known(&self, index: usize) -> PersonId {
        let human = self.human(index);
        let new = NewPerson {
            personal_number: Some(PersonalNumber::parse(&human.number).unwrap()),
            birth_date: Some(human.born.parse().unwrap()),
            synthetic: true,
            ..NewPerson::named(human.name.clone())
        };
        let mut op = self.op(&Actor::System("province")).await;
        let id = self.identity.register_person(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    /// The same with an account.
    pub async fn settled(&self, index: usize, login: &str) -> AccountId {
        let person = self.known(index).await;
        let password = Some(self.identity.hash_password(PASSWORD).await.unwrap());
        let mut op = self.op(&Actor::System("province")).await;
        let new = NewAccount {
            person,
            login: login.into(),
            password,
        };
        let id = self.identity.create_account(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    /// The same in an office.
    pub async fn official(&self, index: usize, login: &str) -> AccountId {
        let account = self.settled(index, login).await;
        let person = self.known(index).await;
        let since = Validity::since("2020-01-01".parse().unwrap());
        let mut op = self.op(&Actor::System("province")).await;
        let agency = NewAgency {
            code: "H30.29.01".parse().unwrap(),
            origin: CodeOrigin::Local,
            name: "UBND phường Ngã Bảy".into(),
            level: AgencyLevel::Commune,
            kind: "peoples_committee".into(),
            parent: None,
            area_code: None,
            address: String::new(),
            phone: String::new(),
            validity: since,
        };
        let agency = self.identity.upsert_agency(&mut op, &agency).await.unwrap();
        let position = NewPosition {
            agency,
            unit: None,
            code: "clerk".into(),
            title: "Công chức".into(),
            roles: vec!["clerk".into()],
            validity: since,
        };
        let position = self.identity.upsert_position(&mut op, &position).await.unwrap();
        self.identity
            .hold_position(&mut op, person, position, since)
            .await
            .unwrap();
        op.commit().await.unwrap();
        account
    }

    pub async fn enter(&self, login: &str) -> SignedIn {
        let attempt = SignIn {
            login,
            password: PASSWORD,
            source: HOME,
        };
        match self.identity.sign_in(&self.ops, attempt).await.unwrap() {
            Entered::In(signed) => *signed,
            Entered::Half(_) => panic!("a code is needed"),
        }
    }

    pub async fn depart(&self, provider: Provider) -> Departure {
        self.depart_for(provider, Purpose::SignIn).await
    }

    pub async fn depart_for(&self, provider: Provider, purpose: Purpose) -> Departure {
        let start = Start {
            provider: key(provider),
            browser: None,
            back: "/thu-tuc",
            resume: "{\"path\":\"/a\"}",
            purpose,
        };
        self.federation.start(&self.ops, start).await.unwrap()
    }

    /// What the provider sends the browser back with, when somebody has chosen who they are; none: they have gone back.
    pub async fn answer(&self, departure: &Departure, human: Option<usize>) -> Url {
        let asked = Url::parse(&departure.address).unwrap();
        let form = {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(asked.query_pairs());
            if let Some(human) = human {
                form.append_pair("human", &human.to_string());
            }
            form.finish()
        };
        let request = Request::post(asked.path())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        let response = self.simulator.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        Url::parse(response.headers()[header::LOCATION].to_str().unwrap()).unwrap()
    }

    /// The same where somebody is signed in at the provider since a moment, and is not asked there.
    pub async fn answer_unasked(&self, provider: Provider, departure: &Departure, human: usize, since: i64) -> Url {
        let asked = Url::parse(&departure.address).unwrap();
        let address = format!("{}?{}", asked.path(), asked.query().unwrap());
        let request = Request::get(address)
            .header(
                header::COOKIE,
                format!("simulator_{}={human}.{since}", provider.as_str()),
            )
            .body(Body::empty())
            .unwrap();
        let response = self.simulator.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        Url::parse(response.headers()[header::LOCATION].to_str().unwrap()).unwrap()
    }

    /// Comes back to the address of a provider.
    pub async fn arrive(&self, provider: &str, browser: &str, back: &Url) -> Result<Arrival, Box<Refused>> {
        self.arrive_as(provider, browser, back, None).await
    }

    pub async fn arrive_as(
        &self,
        provider: &str,
        browser: &str,
        back: &Url,
        account: Option<AccountId>,
    ) -> Result<Arrival, Box<Refused>> {
        let of = |name: &str| {
            let mut pairs = back.query_pairs();
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let (state, code, error, issuer) = (of("state"), of("code"), of("error"), of("iss"));
        let callback = Callback {
            provider,
            browser: Some(browser),
            state: state.as_deref(),
            code: code.as_deref(),
            error: error.as_deref(),
            issuer: issuer.as_deref(),
            account,
            source: HOME,
        };
        self.federation.finish(&self.ops, callback).await
    }

    /// The whole way there and back.
    pub async fn walk(&self, provider: Provider, human: usize) -> Result<Arrival, Box<Refused>> {
        let departure = self.depart(provider).await;
        let back = self.answer(&departure, Some(human)).await;
        assert!(
            back.as_str()
                .starts_with(&format!("{SITE}/dang-nhap/lien-thong/{}/ve?", key(provider)))
        );
        self.arrive(key(provider), &departure.browser, &back).await
    }

    /// The same, and it opens a session.
    pub async fn come(&self, provider: Provider, human: usize) -> SignedIn {
        entered(self.walk(provider, human).await.unwrap())
    }

    /// The code of a refusal, while the provider behaves so.
    pub async fn refused(&self, provider: Provider, human: usize, behaviour: Behaviour) -> &'static str {
        self.simulator.behave(provider, behaviour);
        let outcome = self.walk(provider, human).await;
        self.simulator.behave(provider, Behaviour::Honest);
        let refused = outcome.err().unwrap_or_else(|| panic!("{behaviour:?} was let in"));
        assert_eq!(
            (refused.back.as_str(), refused.resume.as_str()),
            ("/thu-tuc", "{\"path\":\"/a\"}")
        );
        refused.fault.code
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.scratch.pool).await.unwrap()
    }

    pub async fn accounts(&self) -> i64 {
        self.count("SELECT count(*) FROM identity.account").await
    }

    pub async fn living_links(&self) -> i64 {
        self.count("SELECT count(*) FROM federation.link WHERE ended_at IS NULL")
            .await
    }

    /// Why the last sign-in was refused, as the trail has it.
    pub async fn last_refusal(&self) -> (String, Option<String>) {
        sqlx::query_as(
            "SELECT detail::jsonb ->> 'code', detail::jsonb ->> 'why' FROM op.audit_entry WHERE action = 'federation.refused' ORDER BY id DESC LIMIT 1",
        )
        .fetch_one(&self.scratch.pool)
        .await
        .unwrap()
    }

    pub async fn events(&self, kind: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM op.event WHERE kind = $1")
            .bind(kind)
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap()
    }
}

#[track_caller]
pub fn entered(arrival: Arrival) -> SignedIn {
    match arrival {
        Arrival::Entered {
            entered: Entered::In(signed),
            back,
            resume,
        } => {
            assert_eq!((back.as_str(), resume.as_str()), ("/thu-tuc", "{\"path\":\"/a\"}"));
            *signed
        }
        other => panic!("{other:?}"),
    }
}
