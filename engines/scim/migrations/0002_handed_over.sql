-- An account that was there before an application looked after it: the application ends its owner's positions, never the account.
ALTER TABLE scim."user" ADD COLUMN handed_over boolean NOT NULL DEFAULT false;
