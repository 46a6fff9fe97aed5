-- A store of schema 2 as it was written then (simulated submissions); never regenerate.
PRAGMA application_id = 1347572560;
BEGIN TRANSACTION;
CREATE TABLE attachment (
            server_id  TEXT NOT NULL,
            asset      TEXT NOT NULL,
            id         INTEGER NOT NULL,
            uid        TEXT NOT NULL,
            name       TEXT NOT NULL,
            mimetype   TEXT NOT NULL,
            xpath      TEXT NOT NULL,
            state      TEXT NOT NULL CHECK (state IN ('wanted', 'held', 'gone')),
            bytes      INTEGER,
            sha256     TEXT,
            learned_at TEXT NOT NULL,
            held_at    TEXT,
            PRIMARY KEY (server_id, asset, id, uid)
        ) WITHOUT ROWID
        ;
INSERT INTO "attachment" VALUES('uji','a',3,'att1','foto.png','','','wanted',NULL,NULL,'2026-10-05T04:00:00.000000Z',NULL);
CREATE TABLE form_state (
            server_id    TEXT NOT NULL,
            asset        TEXT NOT NULL,
            swept_at     TEXT NOT NULL DEFAULT '',
            history_seen TEXT NOT NULL DEFAULT '',
            modified_seen TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (server_id, asset)
        );
CREATE TABLE form_version (
            server_id   TEXT NOT NULL,
            asset       TEXT NOT NULL,
            version     TEXT NOT NULL,
            content     TEXT NOT NULL,
            deployed_at TEXT NOT NULL,
            learned_at  TEXT NOT NULL,
            PRIMARY KEY (server_id, asset, version)
        );
INSERT INTO "form_version" VALUES('uji','a','v1','{"survey":[1]}','2026-10-01T01:00:00Z','2026-10-05T04:00:00.000000Z');
CREATE TABLE pull_run (
            run_id     INTEGER PRIMARY KEY,
            server_id  TEXT NOT NULL,
            url        TEXT NOT NULL,
            started_at TEXT NOT NULL,
            ended_at   TEXT,
            outcome    TEXT CHECK (outcome IN ('complete', 'failed')),
            pages      INTEGER NOT NULL DEFAULT 0,
            seen       INTEGER NOT NULL DEFAULT 0,
            new        INTEGER NOT NULL DEFAULT 0,
            edited     INTEGER NOT NULL DEFAULT 0
        , restored INTEGER NOT NULL DEFAULT 0, validated INTEGER NOT NULL DEFAULT 0, reset INTEGER NOT NULL DEFAULT 0, attachments INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, last_seq INTEGER, head TEXT);
INSERT INTO "pull_run" VALUES(1,'uji','https://kobo.example','2026-10-05T04:00:00.000000Z','2026-10-05T04:00:02.000000Z','complete',1,4,4,0,0,0,0,0,0,NULL,NULL);
INSERT INTO "pull_run" VALUES(2,'uji','https://kobo.example','2026-10-05T05:00:00.000000Z',NULL,NULL,1,3,1,2,0,0,0,0,0,NULL,NULL);
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);
INSERT INTO "schema_version" VALUES(1);
INSERT INTO "schema_version" VALUES(2);
CREATE TABLE submission_latest (
            server_id      TEXT NOT NULL,
            asset          TEXT NOT NULL,
            id             INTEGER NOT NULL,
            seq            INTEGER NOT NULL REFERENCES submission_version (seq),
            op             TEXT NOT NULL,
            root_uuid      TEXT NOT NULL,
            uuid           TEXT NOT NULL,
            status         TEXT NOT NULL,
            attachments    TEXT NOT NULL,
            sha256         TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            PRIMARY KEY (server_id, asset, id)
        ) WITHOUT ROWID
        ;
INSERT INTO "submission_latest" VALUES('uji','a',1,7,'U','00000001-0000-4000-8000-000000000001','00000001-0000-4000-8000-000000000001','{"uid":"validation_status_approved"}','','482a313f66b6e4cf5f245b61ac1478c7ba46f95023ea82ea6f627c2728986a41','c3fce251f2d7df4f589d5a8b368a7af36d1d6c5a0d2bba50cae44ede19b7e560');
INSERT INTO "submission_latest" VALUES('uji','a',2,5,'U','00000002-0000-4000-8000-000000000002','u2','','','2263aac5fdb612f9ecab6af4c5ba7aff1645da34b274c6438fb91eab64b56d15','1b4b95a13d8ce702def5de1c0cc5600a1267c1129da7e4ee08b56fde0dcc4365');
INSERT INTO "submission_latest" VALUES('uji','a',3,3,'I','00000003-0000-4000-8000-000000000003','00000003-0000-4000-8000-000000000003','','1c9d3b0a5996175614f9bbe6773cee61','841814f5639632ec624398a0dd218d66f4987b26b87a0daf60996c328544cecd','e6c77352beaee052d6490661e69cab212dfcd2c06297ab62556d5866f791b46b');
INSERT INTO "submission_latest" VALUES('uji','a',4,8,'D','00000004-0000-4000-8000-000000000004','00000004-0000-4000-8000-000000000004','','','','');
INSERT INTO "submission_latest" VALUES('uji','b',5,6,'I','00000005-0000-4000-8000-000000000005','00000005-0000-4000-8000-000000000005','','','0f3a1be74d91e017650793b1d8c5c4051df81be4e9ae64c59180bb65b47df456','539e0cbe3636e8a50dda5061db9324e23a2abf60b8e90b20a924a0e6874bc6f2');
CREATE TABLE submission_version (
            seq            INTEGER PRIMARY KEY,
            server_id      TEXT NOT NULL,
            asset          TEXT NOT NULL,
            id             INTEGER NOT NULL,
            root_uuid      TEXT NOT NULL,
            uuid           TEXT NOT NULL,
            op             TEXT NOT NULL CHECK (op IN ('I', 'U', 'D')),
            body           TEXT,
            sha256         TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            status         TEXT NOT NULL,
            form_version   TEXT,
            submitted_at   TEXT NOT NULL,
            learned_at     TEXT NOT NULL,
            run_id         INTEGER NOT NULL REFERENCES pull_run (run_id),
            chain          TEXT NOT NULL
        );
INSERT INTO "submission_version" VALUES(1,'uji','a',1,'00000001-0000-4000-8000-000000000001','00000001-0000-4000-8000-000000000001','I','{"_id": 1, "formhub/uuid": "ffffffffffffffffffffffffffffffff", "kontak/sesi": "DKC-02", "kontak/tunggu": "22.50", "penutup/x_saran": "Loketnya ditambah – “tolong”", "__version__": "vFakeVersion123456789a", "meta/instanceID": "uuid:00000001-0000-4000-8000-000000000001", "_xform_id_string": "aFakeAsset1234567890Ab", "_uuid": "00000001-0000-4000-8000-000000000001", "meta/rootUuid": "uuid:00000001-0000-4000-8000-000000000001", "_attachments": [], "_status": "submitted_via_web", "_geolocation": [null, null], "_submission_time": "2026-10-06T08:01:00", "_validation_status": {}, "_submitted_by": "analis"}','bb5ed360152baa507674be61facc93c1eac1213a1a0fd377bc8090515d18cabe','fd71763d24cf06e9501a679402f6978a57d436eab5c3789d2dc2b339e09f5932','','vFakeVersion123456789a','2026-10-06T08:01:00.000000Z','2026-10-05T04:00:00.000000Z',1,'b9cdd4f27f3f778d61eeac2dfc178fff3c17b3be51cd1a279b53619b3d87e9c2');
INSERT INTO "submission_version" VALUES(2,'uji','a',2,'00000002-0000-4000-8000-000000000002','00000002-0000-4000-8000-000000000002','I','{"_id": 2, "formhub/uuid": "ffffffffffffffffffffffffffffffff", "kontak/sesi": "DKC-03", "kontak/tunggu": "22.50", "penutup/x_saran": "Loketnya ditambah – “tolong”", "__version__": "vFakeVersion123456789a", "meta/instanceID": "uuid:00000002-0000-4000-8000-000000000002", "_xform_id_string": "aFakeAsset1234567890Ab", "_uuid": "00000002-0000-4000-8000-000000000002", "meta/rootUuid": "uuid:00000002-0000-4000-8000-000000000002", "_attachments": [], "_status": "submitted_via_web", "_geolocation": [null, null], "_submission_time": "2026-10-07T08:02:00", "_validation_status": {}, "_submitted_by": "analis"}','f542e14fa88b9f036883e3bfe11b00098ef3f3f73a3d0bee04cd711a9f306797','74adb48dfe1e0ac35022ab244c9ebecf9768f73ab33df23ebbd552bb0d4a9824','','vFakeVersion123456789a','2026-10-07T08:02:00.000000Z','2026-10-05T04:00:00.000000Z',1,'cc739c3ae1b60688969b138fe2855fc44a3bae060e54b9d718621ecf5fbc831f');
INSERT INTO "submission_version" VALUES(3,'uji','a',3,'00000003-0000-4000-8000-000000000003','00000003-0000-4000-8000-000000000003','I','{"_id": 3, "formhub/uuid": "ffffffffffffffffffffffffffffffff", "kontak/sesi": "DKC-04", "kontak/tunggu": "22.50", "penutup/x_saran": "Loketnya ditambah – “tolong”", "__version__": "vFakeVersion123456789a", "meta/instanceID": "uuid:00000003-0000-4000-8000-000000000003", "_xform_id_string": "aFakeAsset1234567890Ab", "_uuid": "00000003-0000-4000-8000-000000000003", "meta/rootUuid": "uuid:00000003-0000-4000-8000-000000000003", "_attachments": [{"uid": "att1", "is_deleted": false, "media_file_basename": "foto.png", "download_url": "https://kobo.example/1/"}], "_status": "submitted_via_web", "_geolocation": [null, null], "_submission_time": "2026-10-08T08:03:00", "_validation_status": {}, "_submitted_by": "analis"}','841814f5639632ec624398a0dd218d66f4987b26b87a0daf60996c328544cecd','e6c77352beaee052d6490661e69cab212dfcd2c06297ab62556d5866f791b46b','','vFakeVersion123456789a','2026-10-08T08:03:00.000000Z','2026-10-05T04:00:00.000000Z',1,'85aa16ebfbe08901b08ab01c611317034ad8e5f44d08e871db4199c09158307c');
INSERT INTO "submission_version" VALUES(4,'uji','a',4,'00000004-0000-4000-8000-000000000004','00000004-0000-4000-8000-000000000004','I','{"_id": 4, "formhub/uuid": "ffffffffffffffffffffffffffffffff", "kontak/sesi": "DKC-05", "kontak/tunggu": "22.50", "penutup/x_saran": "Loketnya ditambah – “tolong”", "__version__": "vFakeVersion123456789a", "meta/instanceID": "uuid:00000004-0000-4000-8000-000000000004", "_xform_id_string": "aFakeAsset1234567890Ab", "_uuid": "00000004-0000-4000-8000-000000000004", "meta/rootUuid": "uuid:00000004-0000-4000-8000-000000000004", "_attachments": [], "_status": "submitted_via_web", "_geolocation": [null, null], "_submission_time": "2026-10-09T08:04:00", "_validation_status": {}, "_submitted_by": "analis"}','2f91b4759811afa38f2208b0b4153716398d01d07be10986a7f2ab64df7c71a6','a78d2b2af20ab1b651a3d5a7f973b86245368e37363821d2633e69a1df94f2d5','','vFakeVersion123456789a','2026-10-09T08:04:00.000000Z','2026-10-05T04:00:00.000000Z',1,'6f84e78ce7ccc9a320dc55a602287b65a19ab12a0c95aa4258531ec96e315b21');
INSERT INTO "submission_version" VALUES(5,'uji','a',2,'00000002-0000-4000-8000-000000000002','u2','U','{"_id": 2, "formhub/uuid": "ffffffffffffffffffffffffffffffff", "kontak/sesi": "DKC-03", "kontak/tunggu": "22.50", "penutup/x_saran": "Loketnya ditambah – “tolong”", "__version__": "vFakeVersion123456789a", "meta/instanceID": "uuid:00000002-0000-4000-8000-000000000002", "_xform_id_string": "aFakeAsset1234567890Ab", "_uuid": "u2", "meta/rootUuid": "uuid:00000002-0000-4000-8000-000000000002", "_attachments": [], "_status": "submitted_via_web", "_geolocation": [null, null], "_submission_time": "2026-10-07T08:02:00", "_validation_status": {}, "_submitted_by": "analis", "x": "2"}','2263aac5fdb612f9ecab6af4c5ba7aff1645da34b274c6438fb91eab64b56d15','1b4b95a13d8ce702def5de1c0cc5600a1267c1129da7e4ee08b56fde0dcc4365','','vFakeVersion123456789a','2026-10-07T08:02:00.000000Z','2026-10-05T05:00:00.000000Z',2,'aa32066bc46d57d1480d3346c3ed1477b0de57a6a5efe9cd68734df7a6ee0044');
INSERT INTO "submission_version" VALUES(6,'uji','b',5,'00000005-0000-4000-8000-000000000005','00000005-0000-4000-8000-000000000005','I','{"_id": 5, "formhub/uuid": "ffffffffffffffffffffffffffffffff", "kontak/sesi": "DKC-06", "kontak/tunggu": "22.50", "penutup/x_saran": "Loketnya ditambah – “tolong”", "__version__": "vFakeVersion123456789a", "meta/instanceID": "uuid:00000005-0000-4000-8000-000000000005", "_xform_id_string": "aFakeAsset1234567890Ab", "_uuid": "00000005-0000-4000-8000-000000000005", "meta/rootUuid": "uuid:00000005-0000-4000-8000-000000000005", "_attachments": [], "_status": "submitted_via_web", "_geolocation": [null, null], "_submission_time": "2026-10-10T08:05:00", "_validation_status": {}, "_submitted_by": "analis"}','0f3a1be74d91e017650793b1d8c5c4051df81be4e9ae64c59180bb65b47df456','539e0cbe3636e8a50dda5061db9324e23a2abf60b8e90b20a924a0e6874bc6f2','','vFakeVersion123456789a','2026-10-10T08:05:00.000000Z','2026-10-05T05:00:00.000000Z',2,'e4827b56256bdacf83c3ad0868998d80cdefbb701c9e410d03338d256259b5b6');
INSERT INTO "submission_version" VALUES(7,'uji','a',1,'00000001-0000-4000-8000-000000000001','00000001-0000-4000-8000-000000000001','U','{"_id": 1, "formhub/uuid": "ffffffffffffffffffffffffffffffff", "kontak/sesi": "DKC-02", "kontak/tunggu": "22.50", "penutup/x_saran": "Loketnya ditambah – “tolong”", "__version__": "vFakeVersion123456789a", "meta/instanceID": "uuid:00000001-0000-4000-8000-000000000001", "_xform_id_string": "aFakeAsset1234567890Ab", "_uuid": "00000001-0000-4000-8000-000000000001", "meta/rootUuid": "uuid:00000001-0000-4000-8000-000000000001", "_attachments": [], "_status": "submitted_via_web", "_geolocation": [null, null], "_submission_time": "2026-10-06T08:01:00", "_validation_status": {"uid": "validation_status_approved"}, "_submitted_by": "analis"}','482a313f66b6e4cf5f245b61ac1478c7ba46f95023ea82ea6f627c2728986a41','c3fce251f2d7df4f589d5a8b368a7af36d1d6c5a0d2bba50cae44ede19b7e560','{"uid":"validation_status_approved"}','vFakeVersion123456789a','2026-10-06T08:01:00.000000Z','2026-10-05T05:00:00.000000Z',2,'147685b0f5a0872addfe255a34f53cf61e810f23275b0c30f654bdece0993d1f');
INSERT INTO "submission_version" VALUES(8,'uji','a',4,'00000004-0000-4000-8000-000000000004','00000004-0000-4000-8000-000000000004','D',NULL,'','','','vFakeVersion123456789a','2026-10-09T08:04:00.000000Z','2026-10-05T05:00:00.000000Z',2,'4b1cef46a21f8646e9417d99a3d9f775e4a2212ce7103ffc04f6f4588b812dce');
CREATE UNIQUE INDEX submission_key ON submission_version (server_id, asset, id, seq);
CREATE TRIGGER submission_version_is_kept BEFORE DELETE ON submission_version
        BEGIN SELECT RAISE(ABORT, 'submission_version is append-only'); END;
CREATE TRIGGER submission_version_is_final BEFORE UPDATE ON submission_version
        WHEN NEW.body IS NOT NULL OR (
            OLD.seq, OLD.server_id, OLD.asset, OLD.id, OLD.root_uuid, OLD.uuid, OLD.op,
            OLD.sha256, OLD.content_sha256, OLD.status, OLD.form_version, OLD.submitted_at,
            OLD.learned_at, OLD.run_id, OLD.chain
        ) IS NOT (
            NEW.seq, NEW.server_id, NEW.asset, NEW.id, NEW.root_uuid, NEW.uuid, NEW.op,
            NEW.sha256, NEW.content_sha256, NEW.status, NEW.form_version, NEW.submitted_at,
            NEW.learned_at, NEW.run_id, NEW.chain
        )
        BEGIN SELECT RAISE(ABORT, 'submission_version is append-only'); END;
CREATE INDEX submission_root ON submission_latest (server_id, asset, root_uuid);
COMMIT;
