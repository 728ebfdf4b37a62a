//! A province with a department, two districts and three wards, and registers of shops and streets.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::{
    AgencyLevel, Area, AreaLevel, CodeOrigin, Config, Hashing, Identity, NewAgency, SecondFactorRule, Validity,
};
use kernel::{AccountId, Actor, AgencyId, Citizen, Clock, Official, PersonId, PositionId, Result};
use op::Op;
use registry::definition::RecordDefinition;
use registry::{Command, Organisation, Query, Record, Registry, Rehearsal, Written};
use schema::Problems;
use serde_json::{Map, Value, json};
use testkit::Scratch;
use vault::Vault;

/// Shops that districts enter, each in its own area.
pub const SHOP: &str = r#"
format: 1
record: shop
vi: Cửa hàng
en: Shops
about: { vi: Các cửa hàng của tỉnh., en: The shops of the province. }
owner: SCT
enters: [district]
place: ward
sharing: [default]
update: entry
readers: officials
retention: { years: 10 }
title: name
key: [code]
list: [code, name, ward, state, capital]
fields:
  - { field: code, vi: Mã, en: Code, type: text, pattern: CH-9999, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
  - { field: ward, vi: Xã, en: Ward, type: area, required: true, class: public, search: true }
  - field: state
    vi: Trạng thái
    en: State
    type: choice
    class: public
    search: true
    options: [{ code: open, vi: Đang bán, en: Open }, { code: closed, vi: Đã đóng cửa, en: Closed }]
  - { field: street, vi: Đường, en: Street, type: link, to: street, class: public, search: true }
  - { field: owner_name, vi: Chủ cửa hàng, en: Keeper, type: name, class: personal, search: true }
  - { field: owner_number, vi: Số định danh của chủ, en: Personal number, type: person, class: personal, search: true }
  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal, unique: true }
  - { field: capital, vi: Vốn, en: Capital, type: money, class: internal, search: true }
  - { field: started_on, vi: Ngày mở, en: Opened on, type: date, class: public, search: true }
  - { field: lease, vi: Thời hạn thuê, en: Lease, type: period, class: internal }
  - { field: goods, vi: Mặt hàng, en: Goods, type: choices, class: public, options: [{ code: food, vi: Thực phẩm, en: Food }, { code: tools, vi: Dụng cụ, en: Tools }] }
  - { field: large, vi: Lớn, en: Large, type: computed, gives: yes_no, value: capital > 1000000000, class: internal }
shared:
  - { with: [CT], fields: [code, name, phone], vi: Quản lý thuế, en: Taxes, basis: 38/2019/QH14 }
"#;

/// Streets, open to everybody.
pub const STREET: &str = r#"
format: 1
record: street
vi: Đường phố
en: Streets
about: { vi: Tên các đường phố., en: Names of streets. }
owner: SXD
sharing: [open]
update: import
readers: everybody
retention: { forever: true }
title: name
key: [code]
list: [code, name]
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
  - { field: width, vi: Bề rộng, en: Width, type: number, decimals: 1, unit: m, class: public, search: true }
  - { field: note, vi: Ghi chú, en: Note, type: text, class: internal }
"#;

/// The organisations of the town, by the codes of declarations.
fn organisations() -> Vec<Organisation> {
    let known = [
        ("SCT", "H30.03"),
        ("SXD", "H30.15"),
        ("CT", "H30.26"),
        ("TPNB", "H30.29"),
        ("TPVT", "H30.28"),
    ];
    let each = known.map(|(code, agency)| Organisation {
        code: code.into(),
        name: code.into(),
        agency: agency.into(),
    });
    each.into()
}

pub struct Town {
    pub scratch: Scratch,
    pub registry: Registry,
    pub identity: Identity,
    pub agencies: BTreeMap<String, AgencyId>,
}

pub fn definition(yaml: &str) -> RecordDefinition {
    let mut problems = Problems::new();
    let read = RecordDefinition::read("registry/x.record.yaml", yaml, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    read.expect("a register")
}

pub fn given(json: Value) -> Map<String, Value> {
    json.as_object().cloned().expect("an object")
}

/// A shop that may be kept.
pub fn shop(code: &str) -> Value {
    json!({ "code": code, "name": "Tạp hóa Bảy Ngã", "ward": "31340", "state": "open" })
}

impl Town {
    /// With both registers published.
    pub async fn new() -> Self {
        let scratch = Scratch::new(&[
            files::MIGRATIONS,
            identity::MIGRATIONS,
            openid::MIGRATIONS,
            registry::MIGRATIONS,
        ])
        .await;
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
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let identity = Identity::new(scratch.pool.clone(), clock, vault, config).expect("identity");
        let mut town = Self {
            registry: Registry::new(identity.clone()).knowing(organisations()),
            scratch,
            identity,
            agencies: BTreeMap::new(),
        };
        for (code, level, parent, name) in [
            ("93", AreaLevel::Province, None, "Tỉnh Hậu Giang"),
            ("931", AreaLevel::District, Some("93"), "Thành phố Ngã Bảy"),
            ("930", AreaLevel::District, Some("93"), "Thành phố Vị Thanh"),
            ("31340", AreaLevel::Ward, Some("931"), "Phường Ngã Bảy"),
            ("31341", AreaLevel::Ward, Some("931"), "Phường Lái Hiếu"),
            ("31318", AreaLevel::Ward, Some("930"), "Phường I"),
        ] {
            town.area(code, level, parent, name).await;
        }
        for (code, identifier, level, area, name) in [
            ("SCT", "H30.03", AgencyLevel::Province, None, "Sở Công Thương"),
            ("SXD", "H30.15", AgencyLevel::Province, None, "Sở Xây dựng"),
            ("CT", "H30.26", AgencyLevel::Province, None, "Cục Thuế tỉnh"),
            (
                "TPNB",
                "H30.29",
                AgencyLevel::District,
                Some("931"),
                "UBND thành phố Ngã Bảy",
            ),
            (
                "TPVT",
                "H30.28",
                AgencyLevel::District,
                Some("930"),
                "UBND thành phố Vị Thanh",
            ),
        ] {
            let id = town.agency(identifier, level, area, name).await;
            town.agencies.insert(code.to_owned(), id);
        }
        town.publish(STREET).await.unwrap();
        town.publish(SHOP).await.unwrap();
        town
    }

    async fn area(&self, code: &str, level: AreaLevel, parent: Option<&str>, name: &str) {
        let area = Area {
            code: code.into(),
            level,
            parent: parent.map(Into::into),
            name: name.into(),
            validity: Validity::since("2004-01-01".parse().unwrap()),
        };
        let mut op = self.op(&Actor::System("province")).await;
        self.identity.upsert_area(&mut op, &area).await.unwrap();
        op.commit().await.unwrap();
    }

    async fn agency(&self, code: &str, level: AgencyLevel, area: Option<&str>, name: &str) -> AgencyId {
        let agency = NewAgency {
            code: kernel::AgencyCode::parse(code).unwrap(),
            origin: CodeOrigin::Local,
            name: name.into(),
            level,
            kind: "department".into(),
            parent: None,
            area_code: area.map(Into::into),
            address: String::new(),
            phone: String::new(),
            validity: Validity::since("2004-01-01".parse().unwrap()),
        };
        let mut op = self.op(&Actor::System("province")).await;
        let id = self.identity.upsert_agency(&mut op, &agency).await.unwrap();
        op.commit().await.unwrap();
        id
    }

    /// An official of an agency in a role.
    pub fn official(&self, agency: &str, role: &str) -> Actor {
        Actor::Official(Official {
            account: AccountId::new(),
            person: PersonId::new(),
            name: "Trần Văn Mẫu".into(),
            position: PositionId::new(),
            position_title: "Chuyên viên".into(),
            agency: self.agencies[agency],
            agency_code: "H30".into(),
            agency_name: agency.into(),
            unit: None,
            roles: vec![role.into()],
            below: Vec::new(),
            stands_for: None,
        })
    }

    pub fn citizen(&self) -> Actor {
        Actor::Citizen(Citizen {
            account: AccountId::new(),
            person: PersonId::new(),
            name: "Nguyễn Thị Mẫu".into(),
            acts_for: None,
        })
    }

    pub async fn op(&self, actor: &Actor) -> Op {
        self.scratch.ops.open(actor.clone()).await.unwrap()
    }

    pub async fn publish(&self, yaml: &str) -> Result<Rehearsal> {
        let mut op = self.op(&Actor::System("apps")).await;
        let done = self
            .registry
            .publish(&mut op, "demo", &definition(yaml), &self.agencies)
            .await?;
        op.commit().await?;
        Ok(done)
    }

    pub async fn add(&self, actor: &Actor, register: &str, json: Value) -> Result<Written> {
        self.add_from(actor, register, json, None).await
    }

    pub async fn add_from(&self, actor: &Actor, register: &str, json: Value, from: Option<&str>) -> Result<Written> {
        let mut op = self.op(actor).await;
        let from = from.map(|day| day.parse().unwrap());
        let written = self.registry.add(&mut op, register, given(json), from).await?;
        op.commit().await?;
        Ok(written)
    }

    pub async fn change(
        &self,
        actor: &Actor,
        register: &str,
        written: Written,
        command: Command,
        reason: &str,
    ) -> Result<Written> {
        let mut op = self.op(actor).await;
        let seen = (written.id, written.version);
        let done = self.registry.change(&mut op, register, seen, command, reason).await?;
        op.commit().await?;
        Ok(done)
    }

    pub async fn list(&self, actor: &Actor, register: &str, pairs: &[(&str, &str)]) -> Result<Vec<Record>> {
        let mut op = self
            .scratch
            .ops
            .look_for(actor.clone(), uuid::Uuid::now_v7())
            .await
            .unwrap();
        let published = self.registry.register(&mut op, register).await?;
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (query, others) = Query::read(&published.definition, &pairs)?;
        assert_eq!(others, []);
        let page = db::PageRequest::first();
        Ok(self.registry.list(&mut op, register, &query, &page).await?.page.items)
    }

    /// Waits until somebody waits for a lock of this database.
    pub async fn somebody_waits(&self) {
        for _ in 0..20_000 {
            let waiting: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap();
            if waiting > 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody waits");
    }

    /// The codes of a list, in its order.
    pub async fn codes(&self, actor: &Actor, register: &str, pairs: &[(&str, &str)]) -> Vec<String> {
        let found = self.list(actor, register, pairs).await.unwrap();
        found
            .iter()
            .map(|record| record.values["code"].as_str().unwrap().to_owned())
            .collect()
    }
}
