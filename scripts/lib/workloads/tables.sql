PRAGMA journal_mode = WAL;
CREATE TABLE item (id INTEGER PRIMARY KEY, kind TEXT, value INTEGER, note TEXT);
CREATE TABLE kind (name TEXT PRIMARY KEY, weight REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ITEM_COUNT)
INSERT INTO item SELECT i, 'kind' || (i % 23), (i * 7919) % 100003, printf('note %06d', i) FROM n;
INSERT INTO kind SELECT DISTINCT kind, length(kind) * 1.5 FROM item;
CREATE INDEX item_kind ON item (kind, value);
SELECT count(*), sum(value), max(note) FROM item;
SELECT k.name, count(*), round(sum(i.value * k.weight), 2) FROM item i JOIN kind k ON k.name = i.kind
    GROUP BY k.name ORDER BY 3 DESC LIMIT 5;
BEGIN;
UPDATE item SET value = value + 1 WHERE id % 3 = 0;
DELETE FROM item WHERE id % 11 = 0;
SAVEPOINT before;
DELETE FROM item;
ROLLBACK TO before;
COMMIT;
SELECT kind, avg(value) OVER (PARTITION BY kind ORDER BY id ROWS 3 PRECEDING) FROM item
    WHERE id BETWEEN 5000 AND 5005;
EXPLAIN QUERY PLAN SELECT * FROM item WHERE kind = 'kind3' AND value > 5;
PRAGMA wal_checkpoint(TRUNCATE);
VACUUM;
PRAGMA integrity_check;
