//! Lists as tables for spreadsheet programs: UTF-8 with a byte order mark, heads and words in Vietnamese.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use db::PageRequest;
use identity::AccountFilter;
use kernel::{Fault, PersonId, Result, format_local};
use op::{Entry, Op};
use render::{Locale, Texts};
use serde_json::json;
use uuid::Uuid;

use crate::review::{reach, subject};
use crate::{Oversight, access, error, store};

const ACCOUNTS: [&str; 8] = [
    "name",
    "login",
    "positions",
    "state",
    "privileged",
    "second_factor",
    "created",
    "last",
];
const LINES: [&str; 9] = [
    "agency",
    "name",
    "title",
    "role",
    "privileged",
    "verdict",
    "reason",
    "answered_by",
    "answered_at",
];
/// Rows in one look.
const BATCH: u32 = 200;

impl Oversight {
    /// A list of accounts as a table, as [`identity::Identity::accounts`] shows it, as far as both looking and taking out reach. Everybody in it sees it, so **the caller commits**. Fails with `identity.step_up_needed`.
    pub async fn accounts_csv(&self, op: &mut Op, words: &str, filter: AccountFilter) -> Result<Vec<u8>> {
        let action = "oversight.export_accounts";
        op.allow(action, "account:search", access::some(op.rights(), action))
            .await?;
        self.parts.identity.check_step_up(op)?;
        let texts = self.parts.renderer.texts();
        let mut table = Table::new(&texts, "oversight.accounts", ACCOUNTS)?;
        let (mut after, mut count) = (None, 0);
        let within = reach(op.rights(), action);
        loop {
            let request = PageRequest::new(after, Some(BATCH));
            let page = self
                .parts
                .identity
                .accounts_within(op, (words, filter), within.as_deref(), &request)
                .await?;
            count += page.items.len();
            for row in page.items {
                let state = table.word(&format!("desk.rights.state_{}", row.state.as_str()));
                let (privileged, factor) = (table.yes_no(row.privileged), table.yes_no(row.second_factor));
                let positions = row.positions.join("; ");
                table.write([
                    row.name,
                    row.login,
                    positions,
                    state,
                    privileged,
                    factor,
                    format_local(row.created_at),
                    moment(row.last_sign_in_at),
                ])?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        op.record(Entry::new("oversight.accounts_exported", "account:search").detail(json!({ "accounts": count })))
            .await?;
        table.bytes()
    }

    /// What a review says, as a table, in the reader's reach. The caller commits. Fails with `oversight.not_found`, `identity.step_up_needed`.
    pub async fn review_csv(&self, op: &mut Op, campaign: Uuid) -> Result<Vec<u8>> {
        let action = "oversight.export_review";
        op.allow(action, &subject(campaign), access::some(op.rights(), action))
            .await?;
        self.parts.identity.check_step_up(op)?;
        let reach = reach(op.rights(), action);
        let found = store::review::campaign(op.conn(), &reach, campaign).await?;
        let quarter = found.ok_or_else(error::not_found)?.quarter;
        let texts = self.parts.renderer.texts();
        let mut table = Table::new(&texts, "oversight.lines", LINES)?;
        let (mut after, mut count, mut people) = (None, 0, BTreeSet::new());
        loop {
            let lines = store::review::all_lines(op.conn(), campaign, &reach, after, i64::from(BATCH), false).await?;
            count += lines.len();
            after = lines.last().map(|line| line.id);
            people.extend(lines.iter().map(|line| line.person));
            for line in lines {
                let verdict = line.verdict.map_or("open", crate::Verdict::as_str);
                let (verdict, privileged) = (
                    table.word(&format!("oversight.verdict.{verdict}")),
                    table.yes_no(line.privileged),
                );
                table.write([
                    line.agency_name,
                    line.name,
                    line.title,
                    self.role_name(&line.role),
                    privileged,
                    verdict,
                    line.reason,
                    line.answered_name,
                    moment(line.answered_at),
                ])?;
            }
            if after.is_none() {
                break;
            }
        }
        self.leaves(op, &quarter, campaign, people).await?;
        op.record(Entry::new("oversight.review_exported", subject(campaign)).detail(json!({ "lines": count })))
            .await?;
        table.bytes()
    }

    /// Whose rights leave the platform on paper or in a table sees it, each once.
    pub(crate) async fn leaves(
        &self,
        op: &mut Op,
        quarter: &str,
        campaign: Uuid,
        people: impl IntoIterator<Item = PersonId>,
    ) -> Result<()> {
        let reader = op.actor().person();
        let people: BTreeSet<PersonId> = people.into_iter().filter(|person| Some(*person) != reader).collect();
        for person in people {
            let entry = Entry::new("oversight.rights_reviewed", subject(campaign)).purpose(quarter);
            op.record(entry.about(Some(person))).await?;
        }
        Ok(())
    }

    /// What a role is called, in Vietnamese.
    pub(crate) fn role_name(&self, role: &str) -> String {
        self.parts
            .identity
            .role_name(role)
            .map_or_else(|| role.to_owned(), |[name, _]| name)
    }
}

fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map(format_local).unwrap_or_default()
}

struct Table<'a> {
    texts: &'a Texts,
    writer: csv::Writer<Vec<u8>>,
}

impl<'a> Table<'a> {
    fn new<const N: usize>(texts: &'a Texts, key: &str, columns: [&str; N]) -> Result<Self> {
        // Spreadsheet programs take a file without this mark for one in an old encoding.
        let mut table = Self {
            texts,
            writer: csv::Writer::from_writer("\u{feff}".as_bytes().to_vec()),
        };
        let heads = columns.map(|column| table.word(&format!("{key}.{column}")));
        table.write(heads)?;
        Ok(table)
    }

    fn word(&self, key: &str) -> String {
        self.texts.get(Locale::Vi, key, &BTreeMap::new())
    }

    fn yes_no(&self, yes: bool) -> String {
        self.word(if yes { "layout.yes" } else { "layout.no" })
    }

    fn write<const N: usize>(&mut self, cells: [String; N]) -> Result<()> {
        self.writer.write_record(cells.map(defused)).map_err(unwritable)
    }

    fn bytes(self) -> Result<Vec<u8>> {
        self.writer.into_inner().map_err(|error| unwritable(error.into_error()))
    }
}

/// Writing into memory fails only for a defect of ours.
fn unwritable(fault: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    error::broken("csv").caused_by(fault)
}

/// A spreadsheet program must not take what somebody typed for a formula.
fn defused(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}
