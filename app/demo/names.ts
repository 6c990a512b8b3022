/** Invented names for the demo's customers: common surnames and given names, drawn by seed. */
import type { Random } from './random.js';

const surnames = [
  ...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢',
];
const givenFirst = [...'建国志文春晓明秀玉海永俊子雨思嘉佳一宇美丽桂德庆振立东成长金新光云天'];
const givenSecond = [...'华平军英杰芳红霞涛辉兰强伟敏静梅玲刚勇波健鹏宁琳洁婷欣怡轩涵然博超'];
const cities = ['上海', '杭州', '苏州', '宁波', '南京', '青岛', '深圳', '成都', '武汉', '厦门'];
const words = ['恒信', '东海', '华远', '金穗', '瑞丰', '盛达', '远航', '明德', '嘉禾', '中岳'];
const trades = ['贸易', '电子', '机械', '食品', '物流', '纺织', '建材', '科技'];

export function personName(random: Random): string {
  const last = random.pick(surnames);
  const second = random.next() < 0.8 ? random.pick(givenSecond) : '';
  return `${last}${random.pick(givenFirst)}${second}`;
}

export function companyName(random: Random): string {
  return `${random.pick(cities)}${random.pick(words)}${random.pick(trades)}有限公司`;
}
