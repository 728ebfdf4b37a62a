//! What this engine tells.

/// A declaration is in force: {register, version}.
pub const PUBLISHED: &str = "registry.published";
/// Something has happened to a record: {register, record, kind}; kind is `created`, `changed`, `corrected`, `ended` or `merged`.
pub const RECORD_CHANGED: &str = "registry.record_changed";
/// A stretch of a file was taken over: {register, import, created, changed}.
pub const IMPORTED: &str = "registry.imported";
/// Two records were found to be one thing: {register, record, into}; or that was taken back: {register, record, into, undone: true}.
pub const MERGED: &str = "registry.merged";
/// A register has become worse by a hundredth or more since it was measured last: {register, owner, figures: [{figure, before, now}]}; the figure is
/// `correct`, `complete`, `clean` or `live`, the shares are thousandths. Engines above tell the owner: this one sends no messages.
pub const QUALITY_FELL: &str = "registry.quality_fell";
/// Something waits for the owner of a register: {register, proposal, record, kind}; kind is `add`, `change`, `correct` or `end`.
pub const PROPOSED: &str = "registry.proposed";
/// Something waits no longer: {register, proposal, record, state, person}; state is `approved`, `refused`, `returned` or `withdrawn`, person
/// whoever proposed.
pub const PROPOSAL_DECIDED: &str = "registry.proposal_decided";
/// A file waits for somebody who approves what comes into a register: {register, import, person}, person whoever has brought it.
pub const IMPORT_ASKED: &str = "registry.import_asked";
/// It waits no longer: {register, import, state, person}; state is `approved`, `returned` or `refused`, person whoever has brought it.
pub const IMPORT_DECIDED: &str = "registry.import_decided";
/// How far a change of many records is: {register, bulk, state, records, person}; state is `waiting`, `running`, `done`, `refused`, `withdrawn` or
/// `stopped`, person whoever asked.
pub const BULK: &str = "registry.bulk";
