/** Invented names: common surnames and given names, cities and trades, drawn by dice. */
import type { Dice } from './dice.js';

const surnames = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢',
];
const givenFirst = [...'建国志文春晓明秀玉海永俊子雨思嘉佳一宇美丽桂德庆振立东成长金新光云天'];
const givenSecond = [...'华平军英杰芳红霞涛辉兰强伟敏静梅玲刚勇波健鹏宁琳洁婷欣怡轩涵然博超'];
const cities = ['上海', '杭州', '苏州', '宁波', '南京', '嘉兴', '绍兴', '无锡', '常州', '湖州'];
const wordFirst = [...'恒东华金瑞盛远明嘉中永德信安泰鸿博凯利新'];
const wordSecond = [...'信海远穗丰达航德禾岳泰源通康盛宇兴创成和'];
const trades = ['贸易', '电子', '机械', '食品', '物流', '纺织', '建材', '科技', '医药', '包装'];
const shops = ['超市', '餐饮', '药房', '服饰', '便利店', '百货', '电器', '书店', '烘焙', '生鲜'];
const counties = ['青田', '安吉', '海宁', '桐乡', '长兴', '临海', '常山', '龙游', '新昌', '天台'];
const bodies = ['教育局', '水利局', '卫生院', '第一中学', '农业农村局', '街道办事处', '图书馆'];
const crops = ['粮油', '茶叶', '果蔬', '水产', '畜牧', '花木'];

export function personName(dice: Pick<Dice, 'next' | 'pick'>): string {
  const last = dice.pick(surnames);
  const second = dice.next() < 0.8 ? dice.pick(givenSecond) : '';
  return `${last}${dice.pick(givenFirst)}${second}`;
}

const word = (dice: Dice): string => dice.pick(wordFirst) + dice.pick(wordSecond);

export function companyName(dice: Dice): string {
  return `${dice.pick(cities)}${word(dice)}${dice.pick(trades)}有限公司`;
}

export function merchantName(dice: Dice): string {
  return `${dice.pick(cities)}${word(dice)}${dice.pick(shops)}有限公司`;
}

export function governmentName(dice: Dice): string {
  return `${dice.pick(counties)}县${dice.pick(bodies)}`;
}

export function ruralFirmName(dice: Dice): string {
  return `${dice.pick(counties)}${word(dice)}${dice.pick(crops)}有限公司`;
}

export function cooperativeName(dice: Dice): string {
  return `${dice.pick(counties)}${word(dice)}${dice.pick(crops)}专业合作社`;
}

export function utilityName(dice: Dice): string {
  return `${dice.pick(cities)}${dice.pick(['自来水', '燃气', '供电', '物业'])}服务有限公司`;
}
