-- The row checks of hosts, oses and installs, and that no two rows have one key: accepted rows, and the others with reasons.
CREATE MACRO known(value, values) AS value IS NULL OR list_contains(values, value);

CREATE VIEW hosts AS
SELECT *, list_filter([
    CASE WHEN unreadable THEN 'a cell cannot be read' END, CASE WHEN host_id IS NULL THEN 'host_id is empty' END,
    CASE WHEN observed_on IS NULL THEN 'observed_on is empty' END, CASE WHEN processors < 1 THEN 'processors below 1' END,
    CASE WHEN physical_cores < 1 THEN 'physical_cores below 1' END,
    CASE WHEN physical_cores < processors THEN 'fewer cores than processors' END,
    CASE WHEN NOT known(hypervisor, ['esxi', 'hyper_v', 'virtuozzo', 'nutanix_ahv', 'none', 'other']) THEN 'hypervisor unknown' END,
    CASE WHEN NOT known(operator, ['customer', 'authorized_outsourcer', 'listed_provider']) THEN 'operator unknown' END
], lambda reason: reason IS NOT NULL) AS reasons
FROM read_parquet('$WORK/tables/hosts.parquet');

CREATE VIEW oses AS
SELECT *, list_filter([
    CASE WHEN unreadable THEN 'a cell cannot be read' END, CASE WHEN ose_id IS NULL THEN 'ose_id is empty' END,
    CASE WHEN observed_on IS NULL THEN 'observed_on is empty' END, CASE WHEN is_running IS NULL THEN 'is_running is empty' END,
    CASE WHEN vcpus < 1 THEN 'vcpus below 1' END,
    CASE WHEN NOT known(kind, ['physical', 'virtual', 'hyperv_container', 'process_container']) THEN 'kind unknown' END,
    CASE WHEN NOT known(location, ['on_premises', 'azure', 'azure_dedicated_host', 'azure_stack', 'provider_shared', 'provider_dedicated'])
        THEN 'location unknown' END,
    CASE WHEN NOT known(environment, ['production', 'dev_test', 'disaster_recovery']) THEN 'environment unknown' END,
    CASE WHEN NOT known(license_source, ['own', 'azure_hybrid_benefit', 'license_included', 'spla', 'visual_studio', 'evaluation'])
        THEN 'license_source unknown' END
], lambda reason: reason IS NOT NULL) AS reasons
FROM read_parquet('$WORK/tables/oses.parquet');

CREATE VIEW installs AS
SELECT *, list_filter([
    CASE WHEN unreadable THEN 'a cell cannot be read' END, CASE WHEN install_id IS NULL THEN 'install_id is empty' END,
    CASE WHEN observed_on IS NULL THEN 'observed_on is empty' END, CASE WHEN ose_id IS NULL THEN 'ose_id is empty' END,
    CASE WHEN product IS NULL THEN 'product is empty' END,
    CASE WHEN NOT known(role, ['active', 'passive_ha', 'passive_dr', 'passive_dr_azure']) THEN 'role unknown' END,
    CASE WHEN NOT known(license_source, ['own', 'azure_hybrid_benefit', 'license_included', 'spla', 'visual_studio', 'evaluation'])
        THEN 'license_source unknown' END
], lambda reason: reason IS NOT NULL) AS reasons
FROM read_parquet('$WORK/tables/installs.parquet');

-- Of sound rows with one key the first stays; what stands elsewhere is looked at only for keys that repeat.
CREATE TABLE late_hosts AS
SELECT row FROM hosts SEMI JOIN (SELECT host_id, observed_on FROM hosts GROUP BY ALL HAVING count(*) > 1) USING (host_id, observed_on)
WHERE len(reasons) = 0 QUALIFY row_number() OVER (PARTITION BY host_id, observed_on ORDER BY row) > 1;
CREATE TABLE late_oses AS
SELECT row FROM oses SEMI JOIN (SELECT ose_id, observed_on FROM oses GROUP BY ALL HAVING count(*) > 1) USING (ose_id, observed_on)
WHERE len(reasons) = 0 QUALIFY row_number() OVER (PARTITION BY ose_id, observed_on ORDER BY row) > 1;
CREATE TABLE late_installs AS
SELECT row FROM installs SEMI JOIN (SELECT install_id, observed_on FROM installs GROUP BY ALL HAVING count(*) > 1) USING (install_id, observed_on)
WHERE len(reasons) = 0 QUALIFY row_number() OVER (PARTITION BY install_id, observed_on ORDER BY row) > 1;

COPY (SELECT * EXCLUDE (reasons, unreadable) FROM hosts ANTI JOIN late_hosts USING (row) WHERE len(reasons) = 0) TO '$WORK/accepted/hosts.parquet';
COPY (SELECT * EXCLUDE (reasons, unreadable) FROM oses ANTI JOIN late_oses USING (row) WHERE len(reasons) = 0) TO '$WORK/accepted/oses.parquet';
COPY (SELECT * EXCLUDE (reasons, unreadable) FROM installs ANTI JOIN late_installs USING (row) WHERE len(reasons) = 0) TO '$WORK/accepted/installs.parquet';
COPY (SELECT *, l.row IS NOT NULL AS is_late FROM hosts LEFT JOIN late_hosts l USING (row) WHERE len(reasons) > 0 OR is_late) TO '$WORK/rejected/hosts.parquet';
COPY (SELECT *, l.row IS NOT NULL AS is_late FROM oses LEFT JOIN late_oses l USING (row) WHERE len(reasons) > 0 OR is_late) TO '$WORK/rejected/oses.parquet';
COPY (SELECT *, l.row IS NOT NULL AS is_late FROM installs LEFT JOIN late_installs l USING (row) WHERE len(reasons) > 0 OR is_late) TO '$WORK/rejected/installs.parquet';
