-- Which registers whoever acts may read is asked once a statement, not once a row: lists of what fails and of what is there twice are long.
ALTER POLICY reads ON registry.profile
    USING (register IN (SELECT own.register FROM registry.register AS own WHERE registry.may_read(own.register)));
ALTER POLICY reads ON registry.quality_run
    USING (register IN (SELECT own.register FROM registry.register AS own WHERE registry.may_read(own.register)));
ALTER POLICY reads ON registry.failing
    USING (register IN (SELECT own.register FROM registry.register AS own WHERE registry.may_read(own.register)));
ALTER POLICY reads ON registry.twin
    USING (register IN (SELECT own.register FROM registry.register AS own WHERE registry.may_read(own.register)));
ALTER POLICY changes ON registry.twin
    USING (register IN (SELECT own.register FROM registry.register AS own WHERE registry.may_write(own.register)));
ALTER POLICY removes ON registry.twin
    USING (register IN (SELECT own.register FROM registry.register AS own WHERE registry.may_write(own.register)));
