-- Keys that sign tokens (ES256). The private part is sealed by the vault: purpose openid.signing_key, about kid:<kid>.
CREATE TABLE openid.signing_key (
    kid         text        PRIMARY KEY,
    sealed      bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    signs_from  timestamptz NOT NULL,      -- published before, so that everybody has it when it signs
    leaves_at   timestamptz                -- no longer published from here on; none for the newest
);
