//! What happened, for engines above.

use kernel::FileId;
use op::{Event, Op};
use serde_json::json;

use crate::access::holder;
use crate::model::Draft;

/// `{draft, app, form, channel}`.
pub const DRAFT_STARTED: &str = "forms.draft_started";
/// `{draft, app, form, subject}`.
pub const DRAFT_CLOSED: &str = "forms.draft_closed";
/// `{draft, app, form, files, reason}`: `files` are those that went with it, `reason` is `discarded` or `expired`.
pub const DRAFT_REMOVED: &str = "forms.draft_removed";

pub(crate) fn started(op: &mut Op, draft: &Draft) {
    let payload = json!({ "draft": draft.id, "app": draft.app, "form": draft.form, "channel": draft.channel });
    op.emit(Event::new(DRAFT_STARTED, holder(draft.id), payload));
}

pub(crate) fn closed(op: &mut Op, draft: &Draft, subject: &str) {
    let payload = json!({ "draft": draft.id, "app": draft.app, "form": draft.form, "subject": subject });
    op.emit(Event::new(DRAFT_CLOSED, holder(draft.id), payload));
}

pub(crate) fn removed(op: &mut Op, draft: &Draft, files: &[FileId], reason: &str) {
    let payload = json!({ "draft": draft.id, "app": draft.app, "form": draft.form, "files": files, "reason": reason });
    op.emit(Event::new(DRAFT_REMOVED, holder(draft.id), payload));
}
