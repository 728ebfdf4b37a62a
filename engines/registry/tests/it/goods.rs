//! Registers that are measured: firms with rules, an age and ways to find duplicates, and licences that refer to them.

use kernel::Actor;
use registry::{Figures, Reason, Sort, Written};
use serde_json::{Value, json};

use crate::town::Town;

/// Firms, of the department of industry and trade.
pub const FIRM: &str = r#"
format: 1
record: firm
vi: Cơ sở kinh doanh
en: Firms
about: { vi: Các cơ sở kinh doanh của tỉnh., en: Firms of the province. }
owner: SCT
sharing: [default]
update: entry
readers: officials
retention: { years: 10 }
title: name
key: [code]
list: [code, name, ward]
duplicates:
  - { same: [ward], alike: [name] }
  - { same: [keeper] }
fresh: { days: 365, by: checked_on }
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: public, search: true }
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public, search: true }
  - { field: ward, vi: Xã, en: Ward, type: area, required: true, class: public, search: true }
  - { field: street, vi: Đường, en: Street, type: link, to: street, class: public }
  - { field: keeper, vi: Số định danh của chủ, en: Personal number, type: person, class: personal }
  - { field: phone, vi: Điện thoại, en: Phone, type: phone, class: personal, unique: true }
  - { field: capital, vi: Vốn, en: Capital, type: money, class: internal, search: true }
  - { field: started_on, vi: Ngày mở, en: Opened on, type: date, class: public, search: true }
  - { field: ended_on, vi: Ngày đóng, en: Closed on, type: date, class: public }
  - { field: checked_on, vi: Ngày kiểm tra, en: Checked on, type: date, class: internal }
  - { field: parent, vi: Cơ sở mẹ, en: Parent, type: link, to: firm, class: public }
rules:
  - { rule: known_capital, that: capital != null, field: capital, level: warn, vi: Chưa có vốn., en: No capital. }
  - { rule: ends_after_start, that: ended_on = null or ended_on >= started_on, field: ended_on, level: warn, vi: Ngày đóng trước ngày mở., en: Closed before it opened. }
"#;

/// Licences, of the department of construction.
pub const LICENCE: &str = r#"
format: 1
record: licence
vi: Giấy phép
en: Licences
about: { vi: Giấy phép của các cơ sở., en: Licences of firms. }
owner: SXD
sharing: [default]
update: entry
readers: owner
retention: { years: 10 }
title: number
key: [number]
list: [number, firm]
fields:
  - { field: number, vi: Số, en: Number, type: text, required: true, class: public, search: true }
  - { field: firm, vi: Cơ sở, en: Firm, type: link, to: firm, required: true, class: public, search: true }
"#;

/// A firm with which nothing is wrong.
pub fn firm(code: &str, name: &str) -> Value {
    json!({
        "code": code, "name": name, "ward": "31340", "capital": 100_000_000, "started_on": "2020-01-01", "checked_on": "2026-02-01",
    })
}

pub fn with(mut values: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        values[key] = value.clone();
    }
    values
}

impl Town {
    /// With firms and licences.
    pub async fn with_firms() -> Self {
        let town = Self::new().await;
        town.publish(FIRM).await.unwrap();
        town.publish(LICENCE).await.unwrap();
        town
    }

    pub fn owner(&self) -> Actor {
        self.official("SCT", "specialist")
    }

    pub async fn firm(&self, code: &str, name: &str, more: Value) -> Written {
        let values = with(firm(code, name), more);
        self.add(&self.owner(), "firm", values).await.unwrap()
    }

    pub fn jobs(&self) -> op::Jobs {
        let mut jobs = op::Jobs::new();
        registry::jobs::register(&mut jobs, &self.registry);
        jobs
    }

    /// Carries out what is due now.
    pub async fn work(&self) {
        op::drain(&self.scratch.ops, &self.jobs()).await.unwrap();
    }

    /// Has a register measured by its owner; a moment passes, so that each run has its own.
    pub async fn measure(&self, owner: &Actor, register: &str) {
        self.scratch.clock.advance(chrono::TimeDelta::seconds(1));
        let mut op = self.op(owner).await;
        self.registry.measure(&mut op, register).await.unwrap();
        op.commit().await.unwrap();
        self.work().await;
    }

    /// The newest figures of a register.
    pub async fn figures(&self, actor: &Actor, register: &str) -> Figures {
        let mut op = self.op(actor).await;
        let quality = self.registry.quality(&mut op, register).await.unwrap();
        quality.trend.into_iter().next().expect("measured")
    }

    /// Reasons with how many records have them.
    pub async fn reasons(&self, actor: &Actor, register: &str) -> Vec<(Sort, String, String, u64)> {
        let mut op = self.op(actor).await;
        let quality = self.registry.quality(&mut op, register).await.unwrap();
        let mut reasons: Vec<_> = quality
            .reasons
            .into_iter()
            .map(|count| {
                let Reason { sort, field, rule } = count.reason;
                (sort, field, rule, count.records)
            })
            .collect();
        reasons.sort();
        reasons
    }
}
