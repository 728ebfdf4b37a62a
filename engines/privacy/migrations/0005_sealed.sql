-- What people write to the desk and what they are answered is sealed by the vault (purpose privacy.request, row data_request:<id>): details, wishes,
-- the reason of an extension, answer and ground, together. The plain columns hold what an older program wrote, until `privacy.seal` has been by.
ALTER TABLE privacy.request
    ADD COLUMN sealed bytea,
    ALTER COLUMN details SET DEFAULT '',
    DROP CONSTRAINT request_answer,
    DROP CONSTRAINT request_ground,
    DROP CONSTRAINT request_extension,
    ADD CONSTRAINT request_answer CHECK (
        (state = 'answered') = (outcome IS NOT NULL) AND (sealed IS NOT NULL OR (outcome IS NULL) = (answer IS NULL))),
    ADD CONSTRAINT request_ground CHECK (sealed IS NOT NULL OR outcome IS NULL OR outcome = 'granted' OR ground IS NOT NULL),
    ADD CONSTRAINT request_extension CHECK (sealed IS NOT NULL OR (extended_at IS NULL) = (extension_reason IS NULL)),
    ADD CONSTRAINT request_sealed CHECK (
        sealed IS NULL OR (details = '' AND wishes = '[]' AND num_nonnulls(extension_reason, answer, ground) = 0));
CREATE INDEX request_plain ON privacy.request (id) WHERE sealed IS NULL;

-- What a step changed, before and after (purpose privacy.line, row data_request:<request>/line:<id>).
ALTER TABLE privacy.request_line
    ADD COLUMN sealed bytea,
    ADD CONSTRAINT request_line_sealed CHECK (sealed IS NULL OR detail = '{}');
CREATE INDEX request_line_plain ON privacy.request_line (id) WHERE sealed IS NULL AND detail <> '{}';
