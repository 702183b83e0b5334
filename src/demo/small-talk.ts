/** Names and messages for generated people: plausible by the thousand, and rarely the same twice. */
import type { Random } from './random.js';

export interface MadeUpName {
  username: string;
  firstName: string;
  lastName: string;
}

const english = {
  first: 'Alice Ben Clara Daniel Emma Frank Grace Henry Isla Jack Kate Liam Mia Noah Olive Peter Ruth Sam Tess Will',
  last: 'Adams Baker Clarke Davies Evans Foster Green Hughes Irving Jones King Lewis Moore Norris Owens Parker Reed Shaw Turner Wood',
};

/** The display form, and the form for usernames. */
type Spelt = readonly [written: string, latin: string];

const spelt = (pairs: string): readonly Spelt[] =>
  pairs.split(' ').map((pair) => pair.split('/') as [string, string] as Spelt);

const russian = {
  women: spelt(
    'Анна/anna Вера/vera Дарья/darya Елена/elena Ирина/irina Ксения/kseniya Мария/mariya Нина/nina Полина/polina София/sofiya',
  ),
  men: spelt(
    'Алексей/alexey Виктор/viktor Глеб/gleb Дмитрий/dmitry Иван/ivan Кирилл/kirill Максим/maxim Никита/nikita Павел/pavel Тимур/timur',
  ),
  /** A woman's name has an additional `а`. */
  last: spelt(
    'Иванов/ivanov Кузнецов/kuznetsov Лебедев/lebedev Морозов/morozov Новиков/novikov Орлов/orlov Павлов/pavlov Соколов/sokolov Титов/titov Фёдоров/fyodorov',
  ),
};

export const makeUpName = (random: Random): MadeUpName => {
  if (random.chance(0.6)) {
    const firstName = random.pick(english.first.split(' '));
    const lastName = random.pick(english.last.split(' '));
    return { username: `${firstName}.${lastName}`.toLowerCase(), firstName, lastName };
  }
  const isWoman = random.chance(0.5);
  const [firstName, first] = random.pick(isWoman ? russian.women : russian.men);
  const [lastName, last] = random.pick(russian.last);
  return isWoman
    ? { username: `${first}.${last}a`, firstName, lastName: `${lastName}а` }
    : { username: `${first}.${last}`, firstName, lastName };
};

const purposes = [
  'Release',
  'Sprint',
  'Support',
  'Onboarding',
  'Kitchen',
  'Office',
  'Релиз',
  'Поддержка',
  'Маркетинг',
  'Склад',
  'Закупки',
  'Бег по утрам',
];

export const makeUpChatName = (random: Random): string => `${random.pick(purposes)} ${1 + random.below(99)}`;

type Words = Readonly<Record<string, readonly string[]>>;

const englishWords: Words = {
  thing: [
    'the report',
    'the release',
    'the new build',
    'the invoice',
    'the schedule',
    'the backup',
    'the search page',
    'the mobile layout',
    'the contract',
    'the demo',
  ],
  state: [
    'ready',
    'almost done',
    'blocked',
    'in review',
    'live',
    'broken again',
    'better than expected',
    'waiting for an answer',
  ],
  time: [
    'today',
    'tomorrow',
    'on Monday',
    'before lunch',
    'this afternoon',
    'by the end of the week',
    'after the call',
  ],
  task: [
    'look at it',
    'test it',
    'write it down',
    'call them',
    'send it over',
    'merge it',
    'roll it back',
    'ask the client',
  ],
};
const englishLines = [
  'Is {thing} {state}?',
  'I think {thing} is {state}. Can someone {task} {time}?',
  'Good morning! {time} I will {task}.',
  'Done, {thing} is {state} ✅',
  'Sorry, I was away. What about {thing}?',
  'Let us {task} {time}, then decide.',
  'Who can {task}? I have to leave early.',
  'Numbers for {thing}: {number} of {number}.',
  'Thanks! 🙏',
  'Yes',
  'No, not {time}. {thing} comes first, and it is {state}. I would rather {task} once it is quiet, otherwise we do it twice, as we did with {thing} in spring.',
  '👍',
];

const russianWords: Words = {
  thing: ['отчёт', 'релиз', 'новая сборка', 'счёт', 'график', 'архив', 'страница поиска', 'договор', 'макет', 'план'],
  state: ['уже на проверке', 'в работе', 'ждёт ответа', 'снова с ошибкой', 'почти у финиша', 'лучше, чем думали'],
  time: ['сегодня', 'завтра', 'в понедельник', 'до обеда', 'вечером', 'к концу недели', 'после созвона'],
  task: ['проверить', 'посмотреть', 'записать', 'позвонить клиенту', 'отправить', 'откатить', 'обсудить'],
};
const russianLines = [
  'Что у нас: {thing} — {state}?',
  'Доброе утро! Могу {time} {task}.',
  'Кажется, {thing} {state}. Кто может {task} {time}?',
  'Готово: {thing} {state} ✅',
  'Давайте {time} всё {task}, потом решим.',
  'По цифрам: {number} из {number}.',
  'Спасибо! 🙏',
  'Да',
  'Нет, не {time}. Сначала {thing}, там всё {state}. Лучше {task} спокойно, чем потом делать дважды, как весной.',
  'Хорошо 👌',
];

const rare = [
  'שלום! אפשר לדבר {number} דקות?',
  'صباح الخير، هل انتهى الاجتماع؟',
  '👨‍👩‍👧‍👦🏳️‍🌈 e\u0301 é ﷽',
  'See https://example.org/issues/{number}?tab=files#L{number}',
  '```\nSELECT count(*) FROM orders WHERE state = {number};\n```',
];

/** @param isRussian mostly; people switch languages */
export const makeUpText = (random: Random, isRussian: boolean): string => {
  if (random.chance(0.02)) return fill(random.pick(rare), random, englishWords);
  const inRussian = random.chance(0.9) ? isRussian : !isRussian;
  const text = inRussian
    ? fill(random.pick(russianLines), random, russianWords)
    : fill(random.pick(englishLines), random, englishWords);
  return text.charAt(0).toUpperCase() + text.slice(1);
};

const fill = (line: string, random: Random, words: Words): string =>
  line.replace(/\{(\w+)\}/g, (_slot, kind: string) =>
    kind === 'number' ? String(1 + random.below(500)) : random.pick(words[kind]!),
  );
