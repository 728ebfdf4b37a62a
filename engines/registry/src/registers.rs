//! The list of registers (danh mục cơ sở dữ liệu), and one of them as whoever asks may see it.

use std::collections::{BTreeMap, BTreeSet};

use db::{Page, PageRequest, cursor};
use identity::Agency;
use kernel::{Result, text};
use op::Op;
use schema::feel::Expression;

use crate::access::{self, Standing};
use crate::definition::{FieldDefinition, Rule, Sharing, Update};
use crate::{Published, Registry, Seen};

/// The longest text that is searched for, in characters.
const LONGEST_TEXT: usize = 200;

/// Which registers are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words of their names, of what they are for, or of their keys; tones or not.
    pub text: String,
    /// Code of the agency that answers for them, as the declaration or the province writes it.
    pub owner: Option<String>,
    /// The system that declares them.
    pub app: Option<String>,
    /// With this form of sharing.
    pub sharing: Option<Sharing>,
    /// Kept up to date like this.
    pub update: Option<Update>,
    /// Catalogues of choices, or the others.
    pub catalogue: Option<bool>,
}

impl Wanted {
    /// The words that are asked for; nothing where signs alone are: they are no word, and find nothing rather than everything.
    fn terms(&self) -> Option<Vec<String>> {
        let asked: String = self.text.chars().take(LONGEST_TEXT).collect();
        let terms = text::search_terms(&asked);
        (!terms.is_empty() || asked.trim().is_empty()).then_some(terms)
    }

    /// Whether a register is wanted, whoever answers for it: words are found by their beginnings.
    pub fn takes(&self, published: &Published) -> bool {
        self.terms().is_some_and(|terms| self.fits(published, &terms))
    }

    /// Whether everything that is asked for stands in its name.
    pub fn names(&self, published: &Published) -> bool {
        let words = &published.definition.words;
        let said = text::search_terms(&format!("{} {}", words.vi, words.en));
        self.terms().is_some_and(|terms| are_said(&terms, &said))
    }

    fn fits(&self, published: &Published, terms: &[String]) -> bool {
        let definition = &published.definition;
        let is = |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|wanted| wanted == own);
        let said = || {
            let (words, about) = (&definition.words, &definition.about);
            let key = definition.record.replace('_', " ");
            text::search_terms(&format!("{} {} {} {} {key}", words.vi, words.en, about.vi, about.en))
        };
        is(&self.app, &published.app)
            && self.sharing.is_none_or(|form| definition.sharing.contains(&form))
            && self.update.is_none_or(|update| definition.update == update)
            && self.catalogue.is_none_or(|catalogue| definition.catalogue == catalogue)
            && (terms.is_empty() || are_said(terms, &said()))
    }
}

/// Whether each term begins a word.
fn are_said(terms: &[String], said: &[String]) -> bool {
    terms.iter().all(|term| said.iter().any(|word| word.starts_with(term)))
}

/// A register in the list.
#[derive(Debug, Clone)]
pub struct Card {
    /// What is in force.
    pub published: Published,
    /// The agency that answers for it today.
    pub owner: Agency,
    /// How many records it has: counted to some thousands, estimated beyond.
    pub records: i64,
    /// Whether whoever asks sees anything of the records.
    pub readable: bool,
}

/// A register as whoever asks may see it.
#[derive(Debug, Clone)]
pub struct Described {
    /// As it stands in the list.
    pub card: Card,
    /// The fields that lists and records show them.
    pub plain: BTreeSet<String>,
    /// The fields that a record opens to them for a purpose.
    pub sealed: BTreeSet<String>,
    /// Whether they may enter, as far as the place of the record lets them.
    pub enters: bool,
}

impl Described {
    /// The fields that they may know of, in order.
    pub fn fields(&self) -> impl Iterator<Item = &FieldDefinition> {
        self.card
            .published
            .definition
            .fields
            .iter()
            .filter(|field| self.knows(&field.field))
    }

    /// Whether they may know of a field.
    pub fn knows(&self, field: &str) -> bool {
        self.plain.contains(field) || self.sealed.contains(field)
    }

    /// The rules that speak of such fields alone.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let known = |that: &Expression| {
            let mut names = that.names().into_iter();
            names.all(|path| self.knows(path.split('.').next().unwrap_or_default()))
        };
        let definition = &self.card.published.definition;
        definition
            .rules
            .iter()
            .filter(move |rule| self.knows(&rule.field) && known(&rule.that))
    }
}

impl Registry {
    /// A page of the registers in force, in Vietnamese order. That they exist is told to everybody (R246).
    ///
    /// # Errors
    /// `db.bad_cursor`.
    pub async fn cards(&self, op: &mut Op, wanted: &Wanted, page: &PageRequest) -> Result<Page<Card>> {
        let permit = op.allow("registry.list", "registers", access::list()).await?;
        let after: Option<(String, String)> = page.after.as_deref().map(cursor::decode).transpose()?;
        let place = |published: &Published| {
            let definition = &published.definition;
            (text::collation_key(&definition.words.vi), definition.record.clone())
        };
        let Some(terms) = wanted.terms() else {
            let (items, next) = (Vec::new(), None);
            return Ok(Page { items, next });
        };
        let desk = self.desk(op).await?;
        let mut homes = BTreeMap::new();
        let mut found = Vec::new();
        for published in self.registers(op).await? {
            let passed = after.as_ref().is_some_and(|after| place(&published) <= *after);
            if passed || !wanted.fits(&published, &terms) {
                continue;
            }
            if let Some(code) = &wanted.owner
                && *code != published.definition.owner
                && *code != self.home(op, published.owner, &mut homes).await?.code.to_string()
            {
                continue;
            }
            found.push(published);
            if found.len() > page.limit as usize {
                break;
            }
        }
        let page = Page::cut(found, page, place);
        let mut cards = Vec::with_capacity(page.items.len());
        for published in page.items {
            let owner = self.home(op, published.owner, &mut homes).await?;
            let seen = self.seen_from(op, published, desk);
            cards.push(Card {
                owner,
                records: 0,
                readable: !seen.sight.plain.is_empty(),
                published: seen.published,
            });
        }
        // How many records there are is told of all of them; the records are not.
        op.beyond_the_wall(&permit).await?;
        for card in &mut cards {
            card.records = self.size(op, &card.published).await?;
        }
        Ok(Page {
            items: cards,
            next: page.next,
        })
    }

    /// One register as whoever asks may see it.
    ///
    /// # Errors
    /// `registry.not_found` {register}.
    pub async fn described(&self, op: &mut Op, register: &str) -> Result<Described> {
        let permit = op.allow("registry.list", "registers", access::list()).await?;
        let seen = self.seen(op, register).await?;
        let owner = self.home(op, seen.published.owner, &mut BTreeMap::new()).await?;
        // Where it lies is asked of each record.
        let enters = access::enter(op.rights(), seen.standing, true).is_allowed();
        let Seen {
            published,
            standing,
            sight,
            ..
        } = seen;
        op.beyond_the_wall(&permit).await?;
        let records = self.size(op, &published).await?;
        Ok(Described {
            enters: enters && standing >= Standing::Enters,
            card: Card {
                owner,
                records,
                readable: !sight.plain.is_empty(),
                published,
            },
            plain: sight.plain,
            sealed: sight.sealed,
        })
    }
}
