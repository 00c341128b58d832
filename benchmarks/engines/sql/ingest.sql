-- RVTools CSVs and canonical CSVs to hosts, oses and installs. What an export words is recognized text by text.
CREATE MACRO said(cell) AS nullif(trim(cell), '');
CREATE MACRO unread(cell, value) AS said(cell) IS NOT NULL AND value IS NULL;
CREATE MACRO short(host) AS CASE WHEN regexp_full_match(host, '[\d.:]+') THEN host ELSE split_part(host, '.', 1) END;

CREATE TABLE vinfo AS
SELECT regexp_extract(filename, '^(.*)/', 1) AS export, regexp_extract(filename, '_(\d{4}-\d\d-\d\d)_', 1)::DATE AS observed_on,
    row_number() OVER () AS row, said("VM") AS name, lower(said("Powerstate")) AS state, lower(said("Template")) AS template,
    lower(said("SRM Placeholder")) AS placeholder, said("CPUs") AS vcpus, lower(said("Path")) AS path,
    said("Datacenter") AS datacenter, said("Cluster_1") AS cluster, said("Host") AS host, -- the first "Cluster" is a custom attribute
    said("OS according to the configuration file") AS config, said("OS according to the VMware Tools") AS tools,
    said(regexp_extract("Guest Detailed Data", 'prettyName=[''"]([^''"]*)', 1)) AS guest, said("VM ID") AS vm_id,
    lower(said("VM UUID")) AS vm_uuid, lower(said("SMBIOS UUID")) AS smbios_uuid,
    coalesce(lower(said("VI SDK UUID")), lower(said("VI SDK Server"))) AS inventory_id
FROM read_csv('$EXPORTS/**/*vInfo.csv', all_varchar = true, header = true, filename = true, quote = '"', escape = '"');
DELETE FROM vinfo WHERE lower(name) = 'vm' AND NOT coalesce(regexp_matches(vcpus, '\d'), false);

CREATE TABLE vhost AS
SELECT regexp_extract(filename, '^(.*)/', 1) AS export, regexp_extract(filename, '_(\d{4}-\d\d-\d\d)_', 1)::DATE AS observed_on,
    row_number() OVER () AS row, said("Host") AS host, said("Cluster") AS cluster, said("Datacenter") AS datacenter,
    coalesce(said("Host"), said("UUID"), said("Object ID"), said("Serial number"), 'row ' || row) AS named,
    said("# CPU") AS processors, coalesce(said("# Cores"), (try_cast("# CPU" AS BIGINT) * try_cast("Cores per CPU" AS BIGINT))::VARCHAR) AS cores,
    coalesce(lower(said("VI SDK UUID")), lower(said("VI SDK Server"))) AS inventory_id
FROM read_csv('$EXPORTS/**/*vHost.csv', all_varchar = true, header = true, filename = true, quote = '"', escape = '"');

-- A cluster's name is unique in a vCenter unless two of its datacenters have one of that name.
CREATE TABLE clusters AS
SELECT export, inventory_id, cluster, datacenter, inventory_id || '/' ||
    CASE WHEN count(*) OVER (PARTITION BY export, inventory_id, cluster) > 1 THEN datacenter || '/' ELSE '' END || cluster AS cluster_id
FROM (
    SELECT export, inventory_id, cluster, datacenter FROM vhost UNION SELECT export, inventory_id, cluster, datacenter FROM vinfo
)
WHERE cluster IS NOT NULL AND datacenter IS NOT NULL;

CREATE TABLE exact AS
SELECT v.export, v.inventory_id, lower(host) AS exact, first(cluster_id ORDER BY row) AS cluster_id
FROM vhost v LEFT JOIN clusters c USING (export, inventory_id, cluster, datacenter)
WHERE host IS NOT NULL
GROUP BY ALL;
CREATE TABLE places AS
WITH near AS (
    SELECT export, inventory_id, short(exact) AS short, any_value(exact) AS near, any_value(cluster_id) AS cluster_id
    FROM exact GROUP BY ALL HAVING count(*) = 1
),
asked AS (SELECT DISTINCT export, inventory_id, host, lower(host) AS exact, short(lower(host)) AS short FROM vinfo WHERE host IS NOT NULL)
SELECT a.export, a.inventory_id, a.host, coalesce(e.cluster_id, CASE WHEN a.short = a.exact OR a.short = n.near THEN n.cluster_id END) AS host_cluster,
    a.inventory_id || '/' || coalesce(e.exact, CASE WHEN a.short = a.exact OR a.short = n.near THEN n.near END, a.exact) AS host_id
FROM asked a LEFT JOIN exact e USING (export, inventory_id, exact) LEFT JOIN near n USING (export, inventory_id, short);

CREATE TABLE systems AS
WITH families (place, product, pattern) AS (VALUES
    (1, 'Hyper-V Server', 'hyper-v server'),
    (2, 'Windows Server', 'windows[ -]?(nt |web |home )?(server|srv)|windows[789]server|windows20\d\dsrv|\bwin ?20\d\d\b'),
    (3, 'Windows', 'windows ([0-9]|xp|vista)|\bwin ?(7|8|10|11|xp)\b'),
    (4, 'Red Hat Enterprise Linux', 'red ?hat enterprise|\brhel ?\d'), (5, 'CentOS', 'centos'), (6, 'Oracle Linux', 'oracle ?linux'),
    (7, 'SUSE Linux Enterprise', 'suse|\bsles\b'), (8, 'Ubuntu', 'ubuntu'), (9, 'Debian', 'debian'), (10, 'VMware Photon OS', 'photon|crx'),
    (11, 'VMware ESXi', '\besxi?\b'), (12, 'Linux', 'linux'), (13, 'FreeBSD', 'freebsd'), (14, 'Solaris', 'solaris')),
texts AS (SELECT guest AS text FROM vinfo UNION SELECT tools FROM vinfo UNION SELECT config FROM vinfo),
known AS (
    SELECT text, arg_min(product, place) AS product FROM texts JOIN families ON regexp_matches(text, pattern, 'i') GROUP BY text
)
SELECT text, product,
    CASE WHEN product = 'Windows Server' THEN CASE
        WHEN text ILIKE '%azure edition%' THEN 'Datacenter: Azure Edition' WHEN regexp_matches(text, 'data ?cent(er|re)', 'i') THEN 'Datacenter'
        WHEN text ILIKE '%enterprise%' THEN 'Enterprise' WHEN regexp_matches(text, '\bessentials?\b', 'i') THEN 'Essentials'
        WHEN regexp_matches(text, '\b(standard|std)\b', 'i') THEN 'Standard' END END AS edition,
    said(CASE product
        WHEN 'Windows Server' THEN CASE WHEN regexp_matches(text, '20\d\d or later', 'i') THEN NULL
            WHEN regexp_matches(text, '20(08|12)[ -]?r2', 'i') THEN regexp_extract(text, '(20\d\d)', 1) || ' R2' ELSE regexp_extract(text, '(20\d\d)', 1) END
        WHEN 'Windows' THEN regexp_extract(text, '\b(11|10|8\.1|8|7)\b', 1)
        WHEN 'Red Hat Enterprise Linux' THEN regexp_extract(text, '(?:Linux|rhel) ?(\d+)', 1, 'i')
        WHEN 'SUSE Linux Enterprise' THEN regexp_extract(text, '(?:Enterprise|sles)(?: Server| Desktop)? ?(\d+)', 1, 'i')
        WHEN 'Ubuntu' THEN regexp_extract(text, 'Ubuntu (?:Linux )?(\d+\.\d+)', 1, 'i') END) AS version
FROM known;

CREATE TABLE estate (cluster VARCHAR, edition VARCHAR, environment VARCHAR); -- what estate.yaml says
INSERT INTO estate VALUES ('PRD-DENSE', 'Datacenter', NULL), ('PRD-GEN', 'Standard', NULL), ('PRD-SQL', 'Standard', NULL),
    ('DR', 'Standard', 'disaster_recovery'), ('TST', 'Standard', 'dev_test');

COPY (
    SELECT inventory_id || '/' || lower(named) AS host_id, observed_on, host AS host_name, cluster_id, datacenter AS datacenter_id,
        inventory_id, try_cast(processors AS BIGINT) AS processors, try_cast(cores AS BIGINT) AS physical_cores, 'esxi' AS hypervisor,
        'customer' AS operator, unread(processors, try_cast(processors AS BIGINT)) OR unread(cores, try_cast(cores AS BIGINT)) AS unreadable, row
    FROM vhost LEFT JOIN clusters USING (export, inventory_id, cluster, datacenter)
    UNION ALL BY NAME
    SELECT said(host_id) AS host_id, try_cast(observed_on AS DATE) AS observed_on, said(host_name) AS host_name, said(cluster_id) AS cluster_id,
        said(datacenter_id) AS datacenter_id, try_cast(processors AS BIGINT) AS processors, try_cast(physical_cores AS BIGINT) AS physical_cores,
        said(hypervisor) AS hypervisor, coalesce(said(operator), 'customer') AS operator,
        unread(processors, try_cast(processors AS BIGINT)) OR unread(physical_cores, try_cast(physical_cores AS BIGINT)) AS unreadable,
        1000000000 + row_number() OVER () AS row
    FROM read_csv('$EXPORTS/**/hosts_branch.csv', all_varchar = true, header = true, union_by_name = true, quote = '"', escape = '"')
) TO '$WORK/tables/hosts.parquet';

COPY (
    WITH keyed AS (SELECT *, inventory_id || '/' || coalesce(vm_uuid, vm_id, smbios_uuid, name, 'unnamed') AS key FROM vinfo),
    shared AS (SELECT export, key FROM keyed GROUP BY ALL HAVING count(DISTINCT vm_id) > 1),
    found AS (
        SELECT k.* EXCLUDE (cluster), CASE WHEN s.key IS NULL THEN k.key ELSE k.key || '/' || vm_id END AS ose_id,
            coalesce(c.cluster_id, p.host_cluster) AS cluster_id, host_id,
            coalesce(g.product, t.product, o.product) AS os_product,
            CASE WHEN g.product = os_product THEN g.version END AS gv, CASE WHEN t.product = os_product THEN t.version END AS tv,
            CASE WHEN o.product = os_product THEN o.version END AS ov, coalesce(gv, tv, ov) AS os_version,
            coalesce(CASE WHEN g.product = os_product AND g.version IS NOT DISTINCT FROM os_version THEN g.edition END,
                CASE WHEN t.product = os_product AND t.version IS NOT DISTINCT FROM os_version THEN t.edition END,
                CASE WHEN o.product = os_product AND o.version IS NOT DISTINCT FROM os_version THEN o.edition END) AS own_edition,
            CASE WHEN g.product IS NOT NULL THEN guest WHEN t.product IS NOT NULL THEN tools WHEN o.product IS NOT NULL THEN config
                ELSE coalesce(guest, tools, config) END AS os_text
        FROM keyed k
        LEFT JOIN shared s USING (export, key)
        LEFT JOIN clusters c USING (export, inventory_id, cluster, datacenter)
        LEFT JOIN places p USING (export, inventory_id, host)
        LEFT JOIN systems g ON g.text = guest LEFT JOIN systems t ON t.text = tools LEFT JOIN systems o ON o.text = config
    )
    SELECT ose_id, observed_on, name, host_id, cluster_id, inventory_id, 'virtual' AS kind, try_cast(vcpus AS BIGINT) AS vcpus,
        CASE state WHEN 'poweredon' THEN true WHEN 'poweredoff' THEN false WHEN 'suspended' THEN false END AS is_running,
        coalesce(template IN ('true', '1', 'yes') OR placeholder IN ('true', '1', 'yes') OR path LIKE '%.vmtx', false) AS is_template,
        'on_premises' AS location, os_product,
        coalesce(own_edition, CASE WHEN os_product = 'Windows Server' THEN e.edition END) AS os_edition, os_version,
        coalesce(e.environment, 'production') AS environment,
        CASE WHEN os_text ILIKE '%evaluation%' THEN 'evaluation' END AS license_source, unread(vcpus, try_cast(vcpus AS BIGINT)) AS unreadable, row
    FROM found LEFT JOIN estate e ON starts_with(upper(parse_filename(cluster_id)), e.cluster)
    UNION ALL BY NAME
    SELECT said(ose_id) AS ose_id, try_cast(observed_on AS DATE) AS observed_on, said(name) AS name, said(host_id) AS host_id,
        said(b.cluster_id) AS cluster_id, coalesce(said(kind), 'virtual') AS kind, try_cast(vcpus AS BIGINT) AS vcpus,
        try_cast(is_running AS BOOLEAN) AS is_running, coalesce(try_cast(is_template AS BOOLEAN), false) AS is_template,
        coalesce(said(location), 'on_premises') AS location, said(provider) AS provider, said(os_product) AS os_product,
        coalesce(said(os_edition), CASE WHEN os_product = 'Windows Server' THEN e.edition END) AS os_edition, said(os_version) AS os_version,
        coalesce(said(b.environment), e.environment, 'production') AS environment, said(license_source) AS license_source,
        unread(vcpus, try_cast(vcpus AS BIGINT)) AS unreadable, 1000000000 + row_number() OVER () AS row
    FROM read_csv('$EXPORTS/**/oses_branch.csv', all_varchar = true, header = true, union_by_name = true, quote = '"', escape = '"') b
    LEFT JOIN estate e ON starts_with(upper(parse_filename(b.cluster_id)), e.cluster)
) TO '$WORK/tables/oses.parquet';

COPY (
    SELECT said(install_id) AS install_id, try_cast(observed_on AS DATE) AS observed_on, said(ose_id) AS ose_id, said(product) AS product,
        said(edition) AS edition, said(version) AS version, said(component) AS component, coalesce(said(role), 'active') AS role,
        said(primary_install_id) AS primary_install_id, try_cast(is_readable AS BOOLEAN) AS is_readable,
        try_cast(is_evaluation AS BOOLEAN) AS is_evaluation, said(license_source) AS license_source,
        unread(observed_on, try_cast(observed_on AS DATE)) OR unread(is_readable, try_cast(is_readable AS BOOLEAN))
            OR unread(is_evaluation, try_cast(is_evaluation AS BOOLEAN)) AS unreadable, row_number() OVER () AS row
    FROM read_csv('$EXPORTS/**/installs_*.csv', all_varchar = true, header = true, union_by_name = true, quote = '"', escape = '"')
) TO '$WORK/tables/installs.parquet';
