//! A small town with two wards, a form, and people who fill it in.

use std::sync::Arc;

use forms::definition::FormDefinition;
use forms::{Applicant, Channel, DraftView, Forms, NewDraft, Raw, Residence, Saved};
use identity::{Area, AreaLevel, Config, Hashing, Identity, SecondFactorRule, Validity};
use kernel::{AccountId, Actor, AgencyId, Citizen, Clock, DraftId, Official, PersonId, PositionId, Result};
use op::Op;
use schema::Problems;
use serde_json::{Value, json};
use testkit::Scratch;
use vault::Vault;

/// A form with a page that is skipped, one question of every sort that tests need, and papers.
pub const FORM: &str = r#"
format: 1
form: apply
pages:
  - page: kind
    fields:
      - { field: kind, type: choice, options: [birth, marriage, other], required: true, class: personal }
  - page: wedding
    when: kind = "marriage"
    fields:
      - { field: spouse, type: name, required: true, class: personal }
      - { field: married_on, type: date, past: true, required: false, class: personal }
  - page: who
    fields:
      - { field: full_name, type: name, prefill: applicant.full_name, required: true, class: personal }
      - { field: born, type: date, past: true, prefill: applicant.birth_date, required: true, class: personal }
      - { field: home, type: address, prefill: applicant.residence, required: true, class: personal }
      - { field: group, type: catalogue, catalogue: ethnic_groups, prefill: applicant.ethnicity, required: 'kind = "birth"', class: sensitive }
    check:
      - { that: born < today(), code: born_today, field: born }
  - page: details
    fields:
      - { field: copies, type: number, min: 0, max: 20, required: true, class: internal }
      - { field: reasons, type: choices, options: [lost, torn, abroad], required: false, class: internal }
      - { field: note, type: long_text, max_length: 200, required: false, class: internal }
  - page: papers
    papers: [proof, other]
"#;

pub struct Town {
    pub scratch: Scratch,
    pub forms: Forms,
    pub files: files::Files,
    pub identity: Identity,
}

pub fn definition(yaml: &str) -> FormDefinition {
    let mut problems = Problems::new();
    let read = FormDefinition::read("forms/apply.form.yaml", yaml, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    read.expect("a form")
}

pub fn citizen() -> Actor {
    Actor::Citizen(Citizen {
        account: AccountId::new(),
        person: PersonId::new(),
        name: "Nguyễn Thị Mẫu".into(),
        acts_for: None,
    })
}

pub fn clerk() -> Actor {
    with_role("clerk")
}

pub fn with_role(role: &str) -> Actor {
    Actor::Official(Official {
        account: AccountId::new(),
        person: PersonId::new(),
        name: "Trần Văn Mẫu".into(),
        position: PositionId::new(),
        position_title: "Công chức".into(),
        agency: AgencyId::new(),
        agency_code: "H30.29.01".into(),
        agency_name: "UBND phường Ngã Bảy".into(),
        unit: None,
        roles: vec![role.into()],
        below: Vec::new(),
        stands_for: None,
    })
}

pub fn applicant() -> Applicant {
    Applicant {
        full_name: Some("Nguyễn Thị Mẫu".into()),
        birth_date: "1985-09-05".parse().ok(),
        residence: Some(Residence {
            ward: "31340".into(),
            detail: "ấp 1".into(),
        }),
        ethnicity: Some("Kinh".into()),
        ..Applicant::default()
    }
}

/// What was typed, each control once.
pub fn raw<const N: usize>(pairs: [(&str, &str); N]) -> Raw {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), vec![value.to_owned()]))
        .collect()
}

impl Town {
    /// With the form of the tests published.
    pub async fn new() -> Self {
        let scratch = Scratch::new(&[files::MIGRATIONS, identity::MIGRATIONS, forms::MIGRATIONS]).await;
        let files = files::Files::new(scratch.directory().join("files"), files::Limits::default());
        let hashing = Hashing {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
            at_once: 4,
        };
        let config = Config {
            hashing,
            second_factor: SecondFactorRule::Offered,
            ..Config::default()
        };
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let identity = Identity::new(scratch.pool.clone(), clock, vault, config).expect("identity");
        let town = Self {
            forms: Forms::new(files.clone(), identity.clone()),
            scratch,
            files,
            identity,
        };
        town.area("93", AreaLevel::Province, None, "Tỉnh Hậu Giang").await;
        town.area("92", AreaLevel::Province, None, "Thành phố Cần Thơ").await;
        town.area("931", AreaLevel::District, Some("93"), "Thành phố Ngã Bảy")
            .await;
        town.area("31340", AreaLevel::Ward, Some("931"), "Phường Ngã Bảy").await;
        town.area("31341", AreaLevel::Ward, Some("931"), "Phường Lái Hiếu")
            .await;
        town.publish(FORM).await;
        town
    }

    async fn area(&self, code: &str, level: AreaLevel, parent: Option<&str>, name: &str) {
        let area = Area {
            code: code.into(),
            level,
            parent: parent.map(Into::into),
            name: name.into(),
            validity: Validity::since("2004-01-01".parse().expect("a day")),
        };
        self.upsert(&area).await;
    }

    pub async fn upsert(&self, area: &Area) {
        let mut op = self.op(&Actor::System("province")).await;
        self.identity.upsert_area(&mut op, area).await.expect("an area");
        op.commit().await.expect("committed");
    }

    pub async fn publish(&self, yaml: &str) -> String {
        let mut op = self.op(&Actor::System("apps")).await;
        let version = self
            .forms
            .publish(&mut op, "demo", &definition(yaml))
            .await
            .expect("published");
        op.commit().await.expect("committed");
        version
    }

    pub async fn op(&self, actor: &Actor) -> Op {
        self.scratch.ops.open(actor.clone()).await.expect("an operation")
    }

    pub async fn start_with(&self, actor: &Actor, applicant: Applicant) -> Result<DraftView> {
        let channel = if actor.is_official() {
            Channel::Counter
        } else {
            Channel::Online
        };
        let new = NewDraft {
            app: "demo".into(),
            form: "apply".into(),
            channel,
            applicant,
            context: json!({ "agency": "H30.29.01" }),
        };
        let mut op = self.op(actor).await;
        let draft = self.forms.start_draft(&mut op, new).await?;
        op.commit().await?;
        Ok(draft)
    }

    pub async fn start(&self, actor: &Actor) -> DraftView {
        self.start_with(actor, applicant()).await.expect("a draft")
    }

    pub async fn save(&self, actor: &Actor, draft: DraftId, page: &str, raw: &Raw) -> Result<Saved> {
        let mut op = self.op(actor).await;
        let saved = self.forms.save_page(&mut op, draft, page, raw).await?;
        op.commit().await?;
        Ok(saved)
    }

    /// Saves and expects the page to pass.
    pub async fn pass<const N: usize>(
        &self,
        actor: &Actor,
        draft: DraftId,
        page: &str,
        pairs: [(&str, &str); N],
    ) -> Saved {
        let saved = self.save(actor, draft, page, &raw(pairs)).await.expect("saved");
        assert_eq!(saved.faults, [], "{page}");
        saved
    }

    pub async fn see(&self, actor: &Actor, draft: DraftId) -> Result<DraftView> {
        let mut op = self.op(actor).await;
        self.forms.draft(&mut op, draft).await
    }

    pub async fn page(&self, actor: &Actor, draft: DraftId, page: &str) -> Result<forms::PageView> {
        let mut op = self.op(actor).await;
        self.forms.page(&mut op, draft, page).await
    }

    pub async fn submission(&self, actor: &Actor, draft: DraftId) -> forms::Submission {
        let mut op = self.op(actor).await;
        self.forms.submission(&mut op, draft).await.expect("a submission")
    }

    /// Everything answered: a birth, with two copies.
    pub async fn filled(&self, actor: &Actor) -> DraftId {
        let id = self.start(actor).await.id;
        self.pass(actor, id, "kind", [("kind", "birth")]).await;
        self.pass(actor, id, "who", WHO).await;
        self.pass(actor, id, "details", [("copies", "2")]).await;
        self.pass(actor, id, "papers", []).await;
        id
    }
}

/// A page `who` that passes.
pub const WHO: [(&str, &str); 7] = [
    ("full_name", "Nguyễn Thị Mẫu"),
    ("born.day", "5"),
    ("born.month", "9"),
    ("born.year", "1985"),
    ("home.ward", "31340"),
    ("home.detail", "ấp 1"),
    ("group", "01"),
];

/// The value of a field of a page.
pub fn value(view: &forms::PageView, field: &str) -> Value {
    let found = view.fields.iter().find(|own| own.field == field);
    found.expect("a field").value.clone()
}
