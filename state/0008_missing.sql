-- Orders of the export that a verification did not find at ActiveCampaign. NULL: verified before this column.
ALTER TABLE verifications ADD COLUMN missing INTEGER;
