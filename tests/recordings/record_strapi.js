/* Records what a real Strapi writes into PostgreSQL, act by act, and what its REST API then shows the public.

    mkdir APP && cd APP && npm install @strapi/strapi@5.50.0 pg react@18 react-dom@18 react-router-dom@6 styled-components@6
    PGHOST=… PGDATABASE=… PGUSER=… node …/record_strapi.js …/strapi.json

Run it in the folder APP, with an empty database. The content types are those of a blog in Strapi's documentation. The acts
are those of Strapi's Document Service, which its admin and its REST API call; REST is asked with a token that may read. */
const fs = require('node:fs');
const path = require('node:path');

const APP = process.cwd();
const PORT = 21337;
const TABLES = [
  'articles', 'authors', 'categories', 'tags', 'articles_author_lnk', 'articles_category_lnk', 'articles_tags_lnk',
];
const ARTICLE = 'api::article.article';

const localized = { pluginOptions: { i18n: { localized: true } } };
const to = (relation, name, other) => ({ type: 'relation', relation, target: `api::${name}.${name}`, ...other });
const TYPES = {
  article: ['articles', {
    title: { type: 'string', ...localized },
    description: { type: 'text', ...localized },
    content: { type: 'richtext', ...localized },
    slug: { type: 'uid', targetField: 'title', ...localized },
    author: to('manyToOne', 'author', { inversedBy: 'articles' }),
    category: to('manyToOne', 'category', { inversedBy: 'articles' }),
    tags: to('manyToMany', 'tag', { inversedBy: 'articles' }),
  }],
  author: ['authors', { name: { type: 'string' }, articles: to('oneToMany', 'article', { mappedBy: 'author' }) }],
  category: ['categories', {
    name: { type: 'string' },
    slug: { type: 'uid', targetField: 'name' },
    articles: to('oneToMany', 'article', { mappedBy: 'category' }),
  }],
  tag: ['tags', { name: { type: 'string' }, articles: to('manyToMany', 'article', { mappedBy: 'tags' }) }],
};
const CONFIG = {
  database: "({ env }) => ({ connection: { client: 'postgres', connection:"
    + " { host: env('PGHOST'), database: env('PGDATABASE'), user: env('PGUSER'), password: '' } } })",
  server: `() => ({ host: '127.0.0.1', port: ${PORT}, app: { keys: ['recording', 'keys'] } })`,
  admin: "() => ({ serveAdminPanel: false, apiToken: { salt: 'x' }, auth: { secret: 'x' },"
    + " transfer: { token: { salt: 'x' } }, secrets: { encryptionKey: 'x'.repeat(32) } })",
  api: '{ rest: { defaultLimit: 100, maxLimit: 100 } }',
  middlewares: JSON.stringify(['logger', 'errors', 'security', 'cors', 'query', 'body', 'session', 'favicon', 'public']
    .map((name) => `strapi::${name}`)),
};

function write(name, text) {
  fs.mkdirSync(path.dirname(path.join(APP, name)), { recursive: true });
  fs.writeFileSync(path.join(APP, name), text);
}

/** Writes the app's code, as Strapi's own generator does. */
function prepare() {
  for (const [name, code] of Object.entries(CONFIG)) write(`config/${name}.js`, `module.exports = ${code};\n`);
  write('src/index.js', 'module.exports = { register() {}, bootstrap() {} };\n');
  write('public/uploads/.keep', '');
  for (const [name, [plural, attributes]] of Object.entries(TYPES)) {
    const isArticle = name === 'article';
    write(`src/api/${name}/content-types/${name}/schema.json`, JSON.stringify({
      kind: 'collectionType', collectionName: plural, attributes,
      info: { singularName: name, pluralName: plural, displayName: name },
      options: { draftAndPublish: isArticle }, pluginOptions: isArticle ? { i18n: { localized: true } } : {},
    }));
    for (const [folder, made] of [['controllers', 'Controller'], ['routes', 'Router'], ['services', 'Service']]) {
      const code = `require('@strapi/strapi').factories.createCore${made}('api::${name}.${name}')`;
      write(`src/api/${name}/${folder}/${name}.js`, `module.exports = ${code};\n`);
    }
  }
}

/** Yields each act's name and what does it. */
function* acts(strapi) {
  const known = {};
  const of = (type) => strapi.documents(`api::${type}.${type}`);
  const add = async (type, name, more = {}) => {
    known[name] = (await of(type).create({ data: { name, ...more } })).documentId;
  };
  const story = async (slug, data = {}, status = 'published') => {
    const made = await of('article').create({
      status,
      data: { title: `Title of ${slug}`, slug, description: 'In short', content: `<p>${slug}, in full.</p>`, ...data },
    });
    known[slug] = made.documentId;
  };
  const on = (slug, what, more = {}) => of('article')[what]({ documentId: known[slug], ...more });
  const edit = (slug, data, more = {}) => on(slug, 'update', { data, ...more });
  const both = async (slug, data, more = {}) => {
    await edit(slug, data, more);
    await on(slug, 'publish', more);
  };

  yield ['authors, categories and tags are made', async () => {
    await add('author', 'Ann Reporter');
    await add('author', 'Ben Writer');
    await add('category', 'World', { slug: 'world' });
    await add('category', 'Sport', { slug: 'sport' });
    await add('tag', 'rail');
    await add('tag', 'night');
  }];
  yield ['stories are published', async () => {
    for (const slug of ['ferry', 'rowers', 'quake', 'train']) {
      await story(slug, { author: known['Ann Reporter'], category: known.World, tags: [known.rail, known.night] });
    }
  }];
  yield ['a story without author, category and tags is published', () => story('bare')];
  yield ['a draft is written', () => story('draft', { category: known.Sport }, 'draft')];
  yield ['the draft is edited', () => edit('draft', { title: 'A better title' })];
  yield ['the draft is published', () => on('draft', 'publish')];
  yield ['a draft of a published story is written', () => edit('ferry', { title: 'Not yet' })];
  yield ['that draft is discarded', () => on('ferry', 'discardDraft')];
  yield ['another draft of it is written', () => edit('ferry', { content: '<p>Corrected.</p>' })];
  yield ['that draft is published', () => on('ferry', 'publish')];
  yield ['a title is edited', () => both('rowers', { title: 'Rowers win again' })];
  yield ['a story is published again unchanged', () => on('rowers', 'publish')];
  yield ['a slug is changed', () => both('rowers', { slug: 'rowers-win' })];
  yield ['two edits are made at once', async () => {
    await both('quake', { title: 'First' });
    await both('quake', { title: 'Second' });
  }];
  yield ['a story is unpublished', () => on('quake', 'unpublish')];
  yield ['it is published again', () => on('quake', 'publish')];
  yield ['a story gets another category', () => both('train', { category: known.Sport })];
  yield ['a draft with another category is written', () => edit('train', { category: known.World })];
  yield ['that draft is published too', () => on('train', 'publish')];
  yield ['a category gets another slug', () => of('category').update({ documentId: known.World, data: { slug: 'abroad' } })];
  yield ['a category is deleted', () => of('category').delete({ documentId: known.Sport })];
  yield ['a story gets another author', () => both('train', { author: known['Ben Writer'] })];
  yield ['an author is renamed', () => of('author').update({ documentId: known['Ann Reporter'], data: { name: 'Ann Smith' } })];
  yield ['an author is deleted', () => of('author').delete({ documentId: known['Ben Writer'] })];
  yield ['a tag is taken away', () => both('ferry', { tags: [known.night] })];
  yield ['a tag is renamed', () => of('tag').update({ documentId: known.night, data: { name: 'darkness' } })];
  yield ['a tag is deleted', () => of('tag').delete({ documentId: known.rail })];
  yield ['the summary is emptied', () => both('ferry', { description: null })];
  yield ['a translation is drafted', () => edit('ferry',
    { title: 'Le bac', slug: 'le-bac', content: '<p>Le bac est parti.</p>' }, { locale: 'fr' })];
  yield ['the translation is published', () => on('ferry', 'publish', { locale: 'fr' })];
  yield ['the translation is edited', () => both('ferry', { title: 'Le bac est parti' }, { locale: 'fr' })];
  yield ['the original is unpublished alone', () => on('ferry', 'unpublish', { locale: 'en' })];
  yield ['all languages are published', () => on('ferry', 'publish', { locale: '*' })];
  yield ['the translation is unpublished', () => on('ferry', 'unpublish', { locale: 'fr' })];
  yield ['the translation is published again', () => on('ferry', 'publish', { locale: 'fr' })];
  yield ['the translation is deleted', () => on('ferry', 'delete', { locale: 'fr' })];
  yield ["a title is changed behind Strapi's back", () =>
    strapi.db.connection.raw("UPDATE articles SET title = 'By hand' WHERE slug = 'rowers-win'")];
  yield ['a published story is deleted', () => on('rowers', 'delete')];
  yield ['a draft is deleted', async () => {
    await story('never', {}, 'draft');
    await on('never', 'delete');
  }];
}

/** Returns what REST shows of each story, in both languages. */
async function shows(token) {
  const found = [];
  for (const locale of ['en', 'fr']) {
    const address = `http://127.0.0.1:${PORT}/api/articles?populate=*&sort=documentId&locale=${locale}`;
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    for (const one of (await answer.json()).data) {
      found.push({
        id: locale === 'en' ? one.documentId : `${one.documentId}-${locale}`, kind: one.locale, title: one.title,
        url: `${locale === 'en' ? '' : `/${locale}`}/articles/${one.slug}`, summary: one.description,
        html: one.content, created_at: one.createdAt, author: one.author?.name ?? null,
        section: one.category?.slug ?? null, tags: one.tags.map((tag) => tag.name).sort(),
      });
    }
  }
  return found;
}

async function schema(db) {
  const made = [];
  for (const table of TABLES) {
    const columns = await db.raw('SELECT attname AS name, format_type(atttypid, atttypmod) AS kind, attnotnull AS needed'
      + ' FROM pg_attribute WHERE attrelid = ?::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum', [table]);
    const written = columns.rows.map(({ name, kind, needed }) => `"${name}" ${kind}${needed ? ' NOT NULL' : ''}`);
    made.push(`CREATE TABLE ${table} (${written.join(', ')})`);
    const indexes = await db.raw('SELECT indexdef FROM pg_indexes WHERE tablename = ? ORDER BY indexname', [table]);
    made.push(...indexes.rows.map(({ indexdef }) => indexdef.replace(' public.', ' ')));
  }
  return made;
}

async function rows(db) {
  const found = {};
  for (const table of TABLES) {
    const all = await db.raw(`SELECT id, row_to_json(t)::text AS text FROM ${table} AS t ORDER BY id`);
    found[table] = new Map(all.rows.map(({ id, text }) => [String(id), text]));
  }
  return found;
}

async function main() {
  prepare();
  const { createStrapi } = require(require.resolve('@strapi/strapi', { paths: [APP] }));
  const strapi = await createStrapi({ appDir: APP, distDir: APP, autoReload: false, serveAdminPanel: false }).start();
  const db = strapi.db.connection;
  await strapi.plugin('i18n').service('locales').create({ code: 'fr', name: 'French' });
  const { accessKey } = await strapi.service('admin::api-token').create(
    { name: 'recording', description: '', type: 'read-only', lifespan: null });
  const steps = [];
  let before = Object.fromEntries(TABLES.map((table) => [table, new Map()]));
  for (const [name, act] of acts(strapi)) {
    await act();
    const now = await rows(db);
    const written = {};
    const deleted = {};
    for (const table of TABLES) {
      const changed = [...now[table]].filter(([key, text]) => before[table].get(key) !== text);
      if (changed.length) written[table] = changed.map(([, text]) => JSON.parse(text));
      const gone = [...before[table].keys()].filter((key) => !now[table].has(key));
      if (gone.length) deleted[table] = gone;
    }
    steps.push({ act: name, written, deleted, shown: await shows(accessKey) });
    before = now;
  }
  const found = { strapi: { schema: await schema(db), steps }, versions: { strapi: strapi.config.get('info.strapi') } };
  // Strapi logs to the standard output, so this goes to a file that is named.
  fs.writeFileSync(process.argv[2] ?? '/dev/stdout', `${JSON.stringify(found)}\n`);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
