//! A register in words: what is declared of it, as far as whoever asks may know of it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use schema::field::{Class, Condition};
use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::{
    Column, FieldDefinition, Kind, Level, LinkTarget, OptionWords, RecordDefinition, Retention, Sharing, Update, Words,
};
use crate::{Card, Described};

/// An agency.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AgencyAnswer {
    /// Code in the declaration.
    pub key: String,
    /// Code in the form of QĐ 20/2020/QĐ-TTg of the agency that answers today.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A register in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegisterCard {
    /// Its key.
    pub register: String,
    /// Its name in the language of the request.
    pub name: String,
    /// What it is for, in the language of the request.
    pub about: String,
    /// The system that declares it.
    pub app: String,
    /// The one agency that answers for it.
    pub owner: AgencyAnswer,
    /// Forms of sharing of decree 47/2020/NĐ-CP.
    pub sharing: Vec<Sharing>,
    /// How it is kept up to date.
    pub update: Update,
    /// Whether it is a catalogue of choices.
    pub catalogue: bool,
    /// How many records it has: counted to some thousands, estimated beyond.
    pub records: i64,
    /// How many fields it has.
    pub fields: usize,
    /// Whether whoever asks sees anything of the records.
    pub readable: bool,
}

/// A page of registers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegisterList {
    /// The registers, in Vietnamese order.
    pub items: Vec<RegisterCard>,
    /// Cursor of the next page, for `after`.
    pub next: Option<String>,
}

/// A choice.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OptionAnswer {
    /// Its code.
    pub code: String,
    /// Its words in the language of the request.
    pub label: String,
    /// The first day on which it may be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day on which it may be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

/// A column of a table within a record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ColumnAnswer {
    /// Its key.
    pub column: String,
    /// Its words in the language of the request.
    pub label: String,
    /// What sort of value, a word of the grammar of declarations.
    #[serde(rename = "type")]
    pub kind: String,
    /// What may be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionAnswer>,
    /// Whether it must be there.
    pub required: bool,
}

/// A field.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldAnswer {
    /// Its key.
    pub field: String,
    /// Its words in the language of the request.
    pub label: String,
    /// Help, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What sort of value, a word of the grammar of declarations.
    #[serde(rename = "type")]
    pub kind: String,
    /// How it must be protected.
    pub class: Class,
    /// Whether it lies sealed: shown for a purpose only, found whole only.
    pub sealed: bool,
    /// Whether it must always be there.
    pub required: bool,
    /// When else it must be there, as an expression of FEEL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_when: Option<String>,
    /// Whether no other record of the day has the same.
    pub unique: bool,
    /// Whether lists filter by it.
    pub search: bool,
    /// Unit of measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What may be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionAnswer>,
    /// The register that holds the choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<String>,
    /// The register to whose records it leads; `agency` for agencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Columns of a table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnAnswer>,
    /// Invented values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

/// A rule across fields.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleAnswer {
    /// Its key.
    pub rule: String,
    /// What must not be false, as an expression of FEEL.
    pub that: String,
    /// The field at which the fault is shown.
    pub field: String,
    /// Whether it only counts in the figures of quality.
    pub warn: bool,
    /// What people are told, in the language of the request.
    pub message: String,
}

/// Some agencies read some fields for a purpose.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShareAnswer {
    /// Codes of agencies, as the declaration writes them.
    pub with: Vec<String>,
    /// Fields, of those that whoever asks may know of; empty: all.
    pub fields: Vec<String>,
    /// What for, in the language of the request.
    pub purpose: String,
    /// On which legal basis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

/// A register as whoever asks may see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegisterAnswer {
    /// As it stands in the list.
    #[serde(flatten)]
    pub card: RegisterCard,
    /// SHA-256 of the declaration in force.
    pub version: String,
    /// Since when it is in force.
    pub published_at: DateTime<Utc>,
    /// Rows of the document that it comes from.
    pub sources: Vec<String>,
    /// Legal basis.
    pub basis: Vec<String>,
    /// The national database whose provincial part it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Levels whose agencies enter records beside the owner.
    pub enters: Vec<Level>,
    /// The field that says where a record lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether the owner approves what is entered.
    pub approval: bool,
    /// For how many years an ended record is kept; none: for ever.
    pub retention_years: Option<u32>,
    /// The field that names a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The fields that tell one record from another.
    pub key: Vec<String>,
    /// The columns of its list.
    pub list: Vec<String>,
    /// The fields that whoever asks may know of, in order.
    pub field_list: Vec<FieldAnswer>,
    /// The rules that speak of such fields alone.
    pub rules: Vec<RuleAnswer>,
    /// Who reads more than others.
    pub shared: Vec<ShareAnswer>,
    /// Whether whoever asks may enter records, as far as the place of each lets them.
    pub may_enter: bool,
}

pub(super) fn card(card: &Card, language: &str) -> RegisterCard {
    let definition = &card.published.definition;
    RegisterCard {
        register: definition.record.clone(),
        name: definition.words.in_language(language).to_owned(),
        about: definition.about.in_language(language).to_owned(),
        app: card.published.app.clone(),
        owner: AgencyAnswer {
            key: definition.owner.clone(),
            code: card.owner.code.to_string(),
            name: card.owner.name.clone(),
        },
        sharing: definition.sharing.clone(),
        update: definition.update,
        catalogue: definition.catalogue,
        records: card.records,
        fields: definition.fields.len(),
        readable: card.readable,
    }
}

pub(super) fn answer(described: &Described, language: &str) -> RegisterAnswer {
    let published = &described.card.published;
    let definition = &published.definition;
    let words = |words: &Words| words.in_language(language).to_owned();
    let known = |names: &[String]| -> Vec<String> {
        let names = names.iter().filter(|name| described.knows(name));
        names.cloned().collect()
    };
    RegisterAnswer {
        version: published.digest.clone(),
        published_at: published.published_at,
        sources: definition.sources.clone(),
        basis: definition.basis.clone(),
        upstream: definition.upstream.clone(),
        enters: definition.enters.clone(),
        place: definition.place.clone().filter(|place| described.knows(place)),
        approval: definition.approval,
        retention_years: match definition.retention {
            Retention::Years(years) => Some(years),
            Retention::Forever => None,
        },
        title: Some(definition.title.clone()).filter(|title| described.knows(title)),
        key: known(&definition.key),
        list: known(&definition.list),
        field_list: described.fields().map(|own| field(own, described, language)).collect(),
        rules: described
            .rules()
            .map(|rule| RuleAnswer {
                rule: rule.rule.clone(),
                that: rule.that.source().to_owned(),
                field: rule.field.clone(),
                warn: rule.warn,
                message: words(&rule.words),
            })
            .collect(),
        shared: shares(definition, &known, &words),
        may_enter: described.enters,
        card: card(&described.card, language),
    }
}

fn shares(
    definition: &RecordDefinition,
    known: &impl Fn(&[String]) -> Vec<String>,
    words: &impl Fn(&Words) -> String,
) -> Vec<ShareAnswer> {
    let all = definition.shared.iter();
    // A share of fields none of which is known is not told as one of all.
    let told = all.filter(|share| share.fields.is_empty() || !known(&share.fields).is_empty());
    told.map(|share| ShareAnswer {
        with: share.with.clone(),
        fields: known(&share.fields),
        purpose: words(&share.purpose),
        basis: share.basis.clone(),
    })
    .collect()
}

fn options(options: &[OptionWords], language: &str) -> Vec<OptionAnswer> {
    let answer = |option: &OptionWords| OptionAnswer {
        code: option.code.clone(),
        label: option.words.in_language(language).to_owned(),
        from: option.from,
        to: option.to,
    };
    options.iter().map(answer).collect()
}

fn column(column: &Column, language: &str) -> ColumnAnswer {
    ColumnAnswer {
        column: column.column.clone(),
        label: column.words.in_language(language).to_owned(),
        kind: column.kind.word().to_owned(),
        options: options(&column.options, language),
        required: column.required,
    }
}

fn field(field: &FieldDefinition, described: &Described, language: &str) -> FieldAnswer {
    // A condition that reads what whoever asks may not know of is none of theirs.
    let when = match &field.required {
        Condition::When(expression) => {
            let roots: BTreeSet<String> = expression
                .names()
                .iter()
                .map(|path| path.split('.').next().unwrap_or_default().to_owned())
                .collect();
            let known = roots.iter().all(|name| described.knows(name));
            known.then(|| expression.source().to_owned())
        }
        Condition::Always | Condition::Never => None,
    };
    FieldAnswer {
        field: field.field.clone(),
        label: field.words.in_language(language).to_owned(),
        help: field.help.as_ref().map(|help| help.in_language(language).to_owned()),
        kind: field.word().to_owned(),
        class: field.class,
        sealed: field.is_sealed(),
        required: matches!(field.required, Condition::Always),
        required_when: when,
        unique: field.unique,
        search: field.search,
        unit: field.unit.clone(),
        options: options(&field.options, language),
        catalogue: field.catalogue().map(str::to_owned),
        to: match &field.kind {
            Kind::Link(LinkTarget::Agency) => Some("agency".to_owned()),
            Kind::Link(LinkTarget::Register(register)) => Some(register.clone()),
            _ => None,
        },
        columns: match &field.kind {
            Kind::Rows { columns, .. } => columns.iter().map(|own| column(own, language)).collect(),
            _ => Vec::new(),
        },
        examples: field.examples.clone(),
    }
}
