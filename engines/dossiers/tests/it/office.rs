//! A small office to test in: a ward, its city, another ward; officials and citizens; the systems of the repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use dossiers::definition::ProcedureDefinition;
use dossiers::model::{Act, PaperCheck, Status, SupplementItem, SupplementKind};
use dossiers::{Acted, AppProcedure, Dossiers, Parts, Submitted};
use files::{Files, Limits};
use forms::definition::FormDefinition;
use forms::{Applicant, Channel, Forms, NewDraft, Raw};
use identity::{
    AgencyLevel, Area, AreaLevel, CodeOrigin, Config, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition,
    SecondFactorRule, Validity,
};
use kernel::{
    Actor, AgencyId, Citizen, Clock, DossierId, DraftId, Official, PersonId, PersonalNumber, Result, TaskId,
    WorkingCalendar,
};
use notify::Notify;
use op::{Jobs, Op, Ops, Reactions};
use render::{Documents, Locale, Renderer};
use schema::Problems;
use serde_json::{Value, json};
use testkit::Scratch;
use vault::Vault;
use workflow::{Actions, TaskState, TaskView, Workflow};

/// Phường Ngã Bảy, of the city; Phường Lái Hiếu beside it.
pub const WARD: &str = "31340";
pub const OTHER_WARD: &str = "31341";

pub struct App {
    pub key: &'static str,
    form: &'static str,
    register: &'static str,
    bpmn: &'static str,
    binding: &'static str,
    procedure: &'static str,
    vi: &'static str,
    en: &'static str,
    document: (&'static str, &'static str),
}

macro_rules! app {
    ($key:literal, $document:literal) => {
        App {
            key: $key,
            form: include_str!(concat!("../../../../apps/", $key, "/forms/apply.form.yaml")),
            register: include_str!(concat!("../../../../apps/", $key, "/forms/register.form.yaml")),
            bpmn: include_str!(concat!("../../../../apps/", $key, "/workflow/main.bpmn")),
            binding: include_str!(concat!("../../../../apps/", $key, "/workflow/main.binding.yaml")),
            procedure: include_str!(concat!("../../../../apps/", $key, "/dossiers/procedure.yaml")),
            vi: include_str!(concat!("../../../../apps/", $key, "/texts/vi.toml")),
            en: include_str!(concat!("../../../../apps/", $key, "/texts/en.toml")),
            document: (
                concat!($key, "/", $document, ".typ"),
                include_str!(concat!("../../../../apps/", $key, "/documents/", $document, ".typ")),
            ),
        }
    };
}

pub const EXTRACT: App = app!("civil-extract", "extract");
pub const HOUSEHOLD: App = app!("household-business", "certificate");

/// The copy of an extract, but an hour of work after the reception the leader has it, checked or not.
pub fn hurried_extract() -> App {
    let bpmn = EXTRACT.bpmn.replace(
        "</process>",
        "<boundaryEvent id=\"hurry\" attachedToRef=\"check\"><timerEventDefinition/></boundaryEvent>
         <sequenceFlow id=\"hurried\" sourceRef=\"hurry\" targetRef=\"approve\"/></process>",
    );
    let binding = format!(
        "{}timers:\n  hurry: {{ after: {{ working_hours: 1 }} }}\n",
        EXTRACT.binding
    );
    App {
        bpmn: bpmn.leak(),
        binding: binding.leak(),
        ..EXTRACT
    }
}

/// Who works and lives here.
pub struct People {
    pub clerk: Actor,
    pub second_clerk: Actor,
    pub specialist: Actor,
    pub leader: Actor,
    pub city_clerk: Actor,
    pub city_specialist: Actor,
    pub city_leader: Actor,
    pub foreign_clerk: Actor,
    pub lan: Actor,
    pub hung: Actor,
}

pub struct Office {
    pub scratch: Scratch,
    pub ops: Ops,
    pub identity: Identity,
    pub files: Files,
    pub forms: Forms,
    pub workflow: Workflow,
    pub dossiers: Dossiers,
    pub jobs: Jobs,
    pub people: People,
}

/// Monday to Friday, 07:00–11:00 and 13:00–17:00, no holidays.
fn calendar() -> WorkingCalendar {
    let plan = serde_json::from_value(json!({ "known_until": "2030-12-31" })).unwrap();
    WorkingCalendar::new(plan).unwrap()
}

/// A moment in March 2026 in Vietnam; the 2nd is a Monday and the clock begins at 08:00 of it.
pub fn march(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    kernel::from_local(day.and_hms_opt(hour, minute, 0).unwrap())
}

fn since() -> Validity {
    Validity::since("2004-01-01".parse().unwrap())
}

impl Office {
    pub async fn open() -> Self {
        let sets = [
            files::MIGRATIONS,
            identity::MIGRATIONS,
            notify::MIGRATIONS,
            workflow::MIGRATIONS,
            forms::MIGRATIONS,
            dossiers::MIGRATIONS,
        ];
        let scratch = Scratch::new(&sets).await;
        let hashing = Hashing {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
            at_once: 1,
        };
        let config = Config {
            hashing,
            second_factor: SecondFactorRule::Offered,
            policy: testkit::policy(),
            ..Config::default()
        };
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let identity = Identity::new(scratch.pool.clone(), clock.clone(), vault, config).unwrap();
        let files = Files::new(scratch.directory().join("files"), Limits::default());
        let forms = Forms::new(files.clone(), identity.clone());
        let actions = Actions::new();
        let workflow = Workflow::new(actions.clone(), Arc::new(calendar()));
        let mut renderer = Renderer::builder();
        let mut papers = dossiers::documents::templates();
        for app in [EXTRACT, HOUSEHOLD] {
            let namespace = format!("apps.{}", app.key);
            renderer = renderer
                .texts(Locale::Vi, &namespace, app.vi)
                .texts(Locale::En, &namespace, app.en);
            papers.push((app.document.0.to_owned(), app.document.1.to_owned()));
        }
        let dossiers = Dossiers::new(Parts {
            forms: forms.clone(),
            files: files.clone(),
            identity: identity.clone(),
            notify: Notify::new(identity.vault().clone()),
            workflow: workflow.clone(),
            calendar: Arc::new(calendar()),
            renderer: Arc::new(renderer.build().unwrap()),
            documents: Arc::new(Documents::new(papers).unwrap()),
            public_address: "https://dichvucong.example.vn".to_owned(),
        });
        dossiers::register_actions(&actions, &dossiers);
        let mut reactions = Reactions::new();
        dossiers::register_reactions(&mut reactions, &dossiers);
        let mut jobs = Jobs::new();
        dossiers::register_jobs(&mut jobs, &dossiers);
        workflow::jobs::register(&mut jobs, workflow.clone());
        let ops = Ops::new(scratch.pool.clone(), clock, reactions, testkit::policy());
        let mut op = ops.open(Actor::System("test")).await.unwrap();
        let people = settle(&identity, &mut op).await;
        op.commit().await.unwrap();
        let office = Self {
            scratch,
            ops,
            identity,
            files,
            forms,
            workflow,
            dossiers,
            jobs,
            people,
        };
        for app in [EXTRACT, HOUSEHOLD] {
            office.publish(&app, |procedure| procedure.to_owned()).await.unwrap();
        }
        office
    }

    /// Publishes a system, its procedure changed by `edit`.
    pub async fn publish(&self, app: &App, edit: impl Fn(&str) -> String) -> Result<i32> {
        let mut problems = Problems::new();
        let form = FormDefinition::read("apply.form.yaml", app.form, &mut problems);
        let register = form
            .as_ref()
            .and_then(|form| FormDefinition::read_over("register.form.yaml", app.register, form, &mut problems));
        let names = self.workflow.actions().names();
        let process = workflow::Definition::read(
            "main.bpmn",
            app.bpmn,
            "main.binding.yaml",
            app.binding,
            &names,
            &mut problems,
        );
        let (Some(form), Some(register), Some(process)) = (form, register, process) else {
            panic!("{problems}")
        };
        let text = edit(app.procedure);
        let steps = BTreeMap::from([("register".to_owned(), register)]);
        let procedure = ProcedureDefinition::read("procedure.yaml", &text, &form, &steps, &process, &mut problems)
            .unwrap_or_else(|| panic!("{problems}"));
        let mut op = self.op(&Actor::System("compose")).await;
        self.workflow.publish(&mut op, app.key, &process).await?;
        let reasons = ["not_found", "wrong_information"].map(str::to_owned);
        let new = AppProcedure {
            app: app.key,
            procedure: &procedure,
            form: &form,
            refusal_reasons: BTreeSet::from(reasons),
        };
        let version = self.dossiers.publish(&mut op, new).await?;
        op.commit().await?;
        Ok(version)
    }

    pub async fn op(&self, actor: &Actor) -> Op {
        self.ops.open(actor.clone()).await.unwrap()
    }

    pub fn at(&self, moment: DateTime<Utc>) {
        self.scratch.clock.set(moment);
    }

    /// A draft of a copy of a birth certificate, every page sent.
    pub async fn extract_draft(&self, actor: &Actor, channel: Channel) -> DraftId {
        let name = if actor.is_official() {
            "Trần Văn Hùng"
        } else {
            actor.acts_for().map_or(actor.name(), |acting| &acting.name)
        };
        let number = if name == "Nguyễn Thị Lan" { LAN } else { HUNG };
        let pages = [
            ("kind", vec![("extract_kind", "birth_certificate")]),
            ("belongs_to", vec![("whose", "mine")]),
            ("place", vec![("registered_at.ward", WARD)]),
            ("record", vec![("registered_year", "1990"), ("record_number", "12")]),
            ("how_many", vec![("copies", "2")]),
            (
                "requester",
                vec![
                    ("requester_name", name),
                    ("requester_number", number),
                    ("requester_residence.ward", WARD),
                    ("requester_residence.detail", "số 5, khu vực 1"),
                ],
            ),
            ("contact", vec![("phone", "0912345678"), ("email", "")]),
            ("papers", vec![]),
        ];
        self.draft(actor, &EXTRACT, channel, &pages).await
    }

    /// A draft of a household business, every page sent.
    pub async fn household_draft(&self, actor: &Actor, channel: Channel) -> DraftId {
        let pages = [
            ("who", vec![("acting", "myself")]),
            ("set_up", vec![("founders", "individual")]),
            ("naming", vec![("business_name", "Tiệm bánh Phương Lan")]),
            (
                "place",
                vec![("shop_ward.ward", WARD), ("shop_detail", "số 9 đường Hùng Vương")],
            ),
            ("lines", vec![("main_line", "Bán lẻ bánh ngọt"), ("other_lines", "")]),
            ("means", vec![("capital", "50.000.000"), ("workers", "2")]),
            (
                "requester",
                vec![
                    ("requester_name", "Nguyễn Thị Lan"),
                    ("requester_birth_date.day", "5"),
                    ("requester_birth_date.month", "4"),
                    ("requester_birth_date.year", "1990"),
                    ("requester_number", LAN),
                    ("requester_residence.ward", WARD),
                    ("requester_residence.detail", "số 5, khu vực 1"),
                ],
            ),
            ("contact", vec![("phone", "0912345678"), ("email", "lan@example.vn")]),
            ("papers", vec![]),
        ];
        self.draft(actor, &HOUSEHOLD, channel, &pages).await
    }

    async fn draft(&self, actor: &Actor, app: &App, channel: Channel, pages: &[(&str, Vec<(&str, &str)>)]) -> DraftId {
        let mut op = self.op(actor).await;
        let new = NewDraft {
            app: app.key.to_owned(),
            form: "apply".to_owned(),
            channel,
            applicant: Applicant::default(),
            context: Value::Null,
        };
        let draft = self.forms.start_draft(&mut op, new).await.unwrap().id;
        for (page, typed) in pages {
            let saved = self.forms.save_page(&mut op, draft, page, &raw(typed)).await.unwrap();
            assert!(saved.faults.is_empty(), "{page}: {:?}", saved.faults);
        }
        op.commit().await.unwrap();
        draft
    }

    /// Uploads a small PDF.
    pub async fn upload(&self, actor: &Actor, holder: &str, content: &str) -> files::FileView {
        let body = format!("%PDF-1.4\n%{content}\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n");
        let mut op = self.op(actor).await;
        let file = self
            .files
            .store_bytes(&mut op, "giay.pdf", "application/pdf", holder, body.into_bytes())
            .await
            .unwrap();
        op.commit().await.unwrap();
        file
    }

    pub async fn try_submit(&self, actor: &Actor, draft: DraftId) -> Result<Submitted> {
        let mut op = self.ops.open(actor.clone()).await?;
        let submitted = self.dossiers.submit(&mut op, draft, true).await?;
        op.commit().await?;
        Ok(submitted)
    }

    /// A copy of a birth certificate that Lan has just handed in.
    pub async fn submitted(&self) -> Submitted {
        let draft = self.extract_draft(&self.people.lan, Channel::Online).await;
        self.try_submit(&self.people.lan, draft).await.unwrap()
    }

    pub async fn tasks(&self, dossier: DossierId) -> Vec<TaskView> {
        let mut op = self.op(&Actor::System("test")).await;
        let subject = dossiers::subject(dossier);
        self.workflow.tasks_of(&mut op, &subject).await.unwrap()
    }

    /// The open task of a node.
    pub async fn task(&self, dossier: DossierId, node: &str) -> TaskId {
        let open = |task: &TaskView| task.node == node && matches!(task.state, TaskState::Ready | TaskState::Sleeping);
        let mut found: Vec<_> = self.tasks(dossier).await.into_iter().filter(open).collect();
        assert_eq!(found.len(), 1, "one open task {node}");
        found.remove(0).id
    }

    pub async fn version(&self, dossier: DossierId) -> i64 {
        self.one("SELECT version FROM dossiers.dossier WHERE id = $1", dossier)
            .await
    }

    pub async fn try_act(&self, actor: &Actor, task: TaskId, version: i64, act: Act) -> Result<Acted> {
        let mut op = self.ops.open(actor.clone()).await?;
        let acted = self.dossiers.act(&mut op, task, version, act).await?;
        op.commit().await?;
        Ok(acted)
    }

    /// The official does the open step of the node with what they see now.
    pub async fn act(&self, actor: &Actor, dossier: DossierId, node: &str, act: Act) -> Acted {
        let task = self.task(dossier, node).await;
        let version = self.version(dossier).await;
        self.try_act(actor, task, version, act).await.unwrap()
    }

    pub async fn one<T>(&self, sql: &'static str, dossier: DossierId) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(sql)
            .bind(dossier.uuid())
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap()
    }

    /// What the command opens, beside the program that serves.
    pub fn vault(&self) -> Vault {
        Vault::open(&self.scratch.directory().join("keys"), self.scratch.ops.now()).unwrap()
    }

    /// What a case holds sealed.
    pub async fn sealed(&self, dossier: DossierId) -> Value {
        let sealed: Vec<u8> = self
            .one("SELECT sealed FROM dossiers.dossier WHERE id = $1", dossier)
            .await;
        vault::Sealed("dossiers.case")
            .open(&self.vault(), &format!("dossier:{dossier}"), &sealed)
            .unwrap()
    }

    pub async fn status(&self, dossier: DossierId) -> Status {
        let number: i16 = self
            .one("SELECT status FROM dossiers.dossier WHERE id = $1", dossier)
            .await;
        Status::try_from(number).unwrap()
    }

    pub async fn moment(&self, column: Moment, dossier: DossierId) -> Option<DateTime<Utc>> {
        let sql = match column {
            Moment::Received => "SELECT received_at FROM dossiers.dossier WHERE id = $1",
            Moment::Promised => "SELECT promised_at FROM dossiers.dossier WHERE id = $1",
            Moment::Due => "SELECT due_at FROM dossiers.dossier WHERE id = $1",
            Moment::Late => "SELECT late_at FROM dossiers.dossier WHERE id = $1",
        };
        self.one(sql, dossier).await
    }

    /// What the history says, in order.
    pub async fn history(&self, dossier: DossierId) -> Vec<(String, String, Option<i16>, i16)> {
        sqlx::query_as(
            "SELECT action, actor_name, status_before, status_after FROM dossiers.history WHERE dossier_id = $1 ORDER BY id",
        )
        .bind(dossier.uuid())
        .fetch_all(&self.scratch.pool)
        .await
        .unwrap()
    }

    /// The actions of the history.
    pub async fn actions(&self, dossier: DossierId) -> Vec<String> {
        self.history(dossier).await.into_iter().map(|line| line.0).collect()
    }

    /// The kinds of message that an account has, in order.
    pub async fn told(&self, actor: &Actor) -> Vec<String> {
        sqlx::query_scalar("SELECT kind FROM notify.message WHERE account = $1 ORDER BY created_at, id")
            .bind(actor.account().unwrap().uuid())
            .fetch_all(&self.scratch.pool)
            .await
            .unwrap()
    }

    /// The nodes of open work, with whether it is ready.
    pub async fn work(&self, dossier: DossierId) -> Vec<(String, bool)> {
        sqlx::query_as("SELECT node, ready FROM dossiers.work WHERE dossier_id = $1 ORDER BY node")
            .bind(dossier.uuid())
            .fetch_all(&self.scratch.pool)
            .await
            .unwrap()
    }

    /// The kinds of document, in order.
    pub async fn documents(&self, dossier: DossierId) -> Vec<String> {
        sqlx::query_scalar("SELECT kind FROM dossiers.document WHERE dossier_id = $1 ORDER BY id")
            .bind(dossier.uuid())
            .fetch_all(&self.scratch.pool)
            .await
            .unwrap()
    }

    pub async fn refusals(&self, code: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM op.audit_entry WHERE action = 'op.refused' AND detail::jsonb ->> 'code' = $1",
        )
        .bind(code)
        .fetch_one(&self.scratch.pool)
        .await
        .unwrap()
    }
}

/// A moment of the state.
#[derive(Clone, Copy)]
pub enum Moment {
    Received,
    Promised,
    Due,
    Late,
}

pub fn raw(typed: &[(&str, &str)]) -> Raw {
    let mut raw = BTreeMap::new();
    for (name, value) in typed {
        raw.insert((*name).to_owned(), vec![(*value).to_owned()]);
    }
    raw
}

/// An act of this outcome and nothing else.
pub fn outcome(outcome: &str) -> Act {
    Act {
        outcome: outcome.to_owned(),
        ..Act::default()
    }
}

/// A proposal to the leader, with what the register says.
pub fn propose(app: &App) -> Act {
    let facts = match app.key {
        "civil-extract" => json!({
            "register_number": "12/1990", "register_book": "01/1990", "register_date": "1990-04-20",
            "register_name": "Nguyễn Thị Lan", "register_identity": LAN,
        }),
        _ => json!({ "business_number": "64B8000001", "main_line_code": "4724" }),
    };
    Act {
        facts: facts.as_object().cloned().unwrap_or_default(),
        ..outcome("propose")
    }
}

/// A request for supplements; the papers were looked at.
pub fn ask(items: &[(SupplementKind, &str)]) -> Act {
    let item = |(kind, key): &(SupplementKind, &str)| SupplementItem {
        kind: *kind,
        key: (*key).to_owned(),
        what: "Chưa rõ, đề nghị gửi lại".to_owned(),
    };
    Act {
        items: items.iter().map(item).collect(),
        ..outcome("supplement")
    }
}

/// The paper was looked at.
pub fn seen(mut act: Act, paper: &str, fits: bool) -> Act {
    act.papers.push(PaperCheck {
        paper: paper.to_owned(),
        fits,
    });
    act
}

pub const LAN: &str = "093190000017";
pub const HUNG: &str = "093085000023";

async fn settle(identity: &Identity, op: &mut Op) -> People {
    let area = |code: &str, level, parent: Option<&str>, name: &str| Area {
        code: code.to_owned(),
        level,
        parent: parent.map(str::to_owned),
        name: name.to_owned(),
        validity: since(),
    };
    for area in [
        area("93", AreaLevel::Province, None, "Tỉnh Hậu Giang"),
        area("931", AreaLevel::District, Some("93"), "Thành phố Ngã Bảy"),
        area(WARD, AreaLevel::Ward, Some("931"), "Phường Ngã Bảy"),
        area(OTHER_WARD, AreaLevel::Ward, Some("931"), "Phường Lái Hiếu"),
    ] {
        identity.upsert_area(op, &area).await.unwrap();
    }
    let (commune, district) = (AgencyLevel::Commune, AgencyLevel::District);
    let city = agency(
        identity,
        op,
        "H30.29",
        "Ủy ban nhân dân thành phố Ngã Bảy",
        district,
        "931",
    )
    .await;
    let ward = agency(
        identity,
        op,
        "H30.29.01",
        "Ủy ban nhân dân phường Ngã Bảy",
        commune,
        WARD,
    )
    .await;
    let other = agency(
        identity,
        op,
        "H30.29.02",
        "Ủy ban nhân dân phường Lái Hiếu",
        commune,
        OTHER_WARD,
    )
    .await;
    People {
        clerk: official(identity, op, ward, "Lê Thị Cửa", "clerk").await,
        second_clerk: official(identity, op, ward, "Võ Văn Quầy", "clerk").await,
        specialist: official(identity, op, ward, "Phạm Văn Tịch", "specialist").await,
        leader: official(identity, op, ward, "Huỳnh Thị Duyệt", "leader").await,
        city_clerk: official(identity, op, city, "Đỗ Thị Nhận", "clerk").await,
        city_specialist: official(identity, op, city, "Bùi Văn Tài", "specialist").await,
        city_leader: official(identity, op, city, "Ngô Văn Trưởng", "leader").await,
        foreign_clerk: official(identity, op, other, "Dương Thị Xa", "clerk").await,
        lan: citizen(identity, op, "Nguyễn Thị Lan", LAN).await,
        hung: citizen(identity, op, "Trần Văn Hùng", HUNG).await,
    }
}

async fn agency(identity: &Identity, op: &mut Op, code: &str, name: &str, level: AgencyLevel, area: &str) -> AgencyId {
    let new = NewAgency {
        code: code.parse().unwrap(),
        origin: CodeOrigin::Local,
        name: name.to_owned(),
        level,
        kind: "peoples_committee".to_owned(),
        parent: None,
        area_code: Some(area.to_owned()),
        address: String::new(),
        phone: String::new(),
        validity: since(),
    };
    identity.upsert_agency(op, &new).await.unwrap()
}

async fn person(identity: &Identity, op: &mut Op, name: &str, number: Option<&str>) -> PersonId {
    let new = NewPerson {
        personal_number: number.map(|number| PersonalNumber::parse(number).unwrap()),
        synthetic: true,
        ..NewPerson::named(name)
    };
    identity.register_person(op, &new).await.unwrap()
}

async fn account(identity: &Identity, op: &mut Op, person: PersonId, name: &str) -> kernel::AccountId {
    let new = NewAccount {
        person,
        login: kernel::text::fold(name).replace(' ', "."),
        password: None,
    };
    identity.create_account(op, &new).await.unwrap()
}

async fn citizen(identity: &Identity, op: &mut Op, name: &str, number: &str) -> Actor {
    let person = person(identity, op, name, Some(number)).await;
    Actor::Citizen(Citizen {
        account: account(identity, op, person, name).await,
        person,
        name: name.to_owned(),
        acts_for: None,
    })
}

async fn official(identity: &Identity, op: &mut Op, agency: AgencyId, name: &str, role: &str) -> Actor {
    let person = person(identity, op, name, None).await;
    let code = kernel::text::fold(name).replace(' ', "-");
    let title = format!("Công chức {role}");
    let new = NewPosition {
        agency,
        unit: None,
        code,
        title: title.clone(),
        roles: vec![role.to_owned()],
        validity: since(),
    };
    let position = identity.upsert_position(op, &new).await.unwrap();
    identity.hold_position(op, person, position, since()).await.unwrap();
    let of = identity.agency(op, agency).await.unwrap();
    Actor::Official(Official {
        account: account(identity, op, person, name).await,
        person,
        name: name.to_owned(),
        position,
        position_title: title,
        agency,
        agency_code: of.code.to_string(),
        agency_name: of.name,
        unit: None,
        roles: vec![role.to_owned()],
        below: Vec::new(),
        stands_for: None,
    })
}
