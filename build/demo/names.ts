/** Names as they meet in one suburb. Family names are neutral to gender, so that siblings share them. */
export interface Culture {
  readonly surnames: readonly string[]
  readonly girls: readonly string[]
  readonly boys: readonly string[]
  readonly women: readonly string[]
  readonly men: readonly string[]
}

const words = (text: string): readonly string[] => text.split(' ')

export const cultures: readonly Culture[] = [
  {
    surnames: words('Taylor Mitchell Campbell Fraser Harding Whitlock Pemberton Ashworth'),
    girls: words('Olivia Charlotte Matilda Evie Ruby Harriet'),
    boys: words('Jack Archie Henry Angus Lachlan Hugo'),
    women: words('Sarah Emma Rachel Fiona Joanne'),
    men: words('David Andrew Craig Stuart Matthew'),
  },
  {
    surnames: words('Nguyễn Trần Phạm Đặng Lê Vũ Bùi'),
    girls: words('Linh Mai Thảo Hương An'),
    boys: words('Minh Khoa Bảo Đức Nam'),
    women: words('Hạnh Ngọc Phương Thanh Lan'),
    men: words('Hùng Tuấn Quang Thành Long'),
  },
  {
    surnames: words('Sharma Patel Iyer Chatterjee Reddy Kulkarni Gill'),
    girls: words('Ananya Diya Kavya Ishita Meera'),
    boys: words('Arjun Vihaan Rohan Aarav Kabir'),
    women: words('Priya Sunita Deepa Lakshmi Neha'),
    men: words('Rajesh Sanjay Vikram Anil Suresh'),
  },
  {
    surnames: words('Wang Zhang Chen Huang Zhou Lin Xu'),
    girls: words('Xinyi Yutong Meilin Jiayi Ruoxi'),
    boys: words('Haoran Zihan Junjie Yichen Tianyu'),
    women: words('Fang Xiaoyan Ying Liwei Hong'),
    men: words('Wei Jian Ming Qiang Bo'),
  },
  {
    surnames: words('Papadopoulos Georgiou Nikolaidis Stavros Vlahos'),
    girls: words('Eleni Sophia Katerina Zoe Despina'),
    boys: words('Nikos Dimitri Yiannis Alexandros Petros'),
    women: words('Maria Vasiliki Georgia Ioanna Anna'),
    men: words('Kostas Spiros Stelios Tasos Michalis'),
  },
  {
    surnames: words('Rossi Esposito Bianchi Marchetti Galli Ferrari'),
    girls: words('Giulia Chiara Aurora Bianca Elena'),
    boys: words('Lorenzo Marco Gabriele Leonardo Dante'),
    women: words('Francesca Silvia Paola Laura Carla'),
    men: words('Giorgio Paolo Stefano Roberto Enzo'),
  },
  {
    surnames: words('Haddad Khalil Mansour Nasser Saleh Aziz'),
    girls: words('Layla Yasmin Noor Amira Salma'),
    boys: words('Omar Yusuf Karim Adam Zayd'),
    women: words('Fatima Rania Huda Samira Dina'),
    men: words('Ahmed Tariq Khaled Bilal Samir'),
  },
  {
    surnames: words('Okafor Adeyemi Mensah Abebe Deng Chukwu'),
    girls: words('Adaeze Amara Zainab Nyla Abena'),
    boys: words('Chidi Kofi Tobi Emeka Kwame'),
    women: words('Ngozi Folake Grace Abeba Comfort'),
    men: words('Emmanuel Tunde Samuel Daniel Joseph'),
  },
  {
    surnames: words('Żółkiewski Kowalczyk Nowak Wójcik Šimić Horvat Novák'),
    girls: words('Zuzanna Łucja Maja Ivana Tereza'),
    boys: words('Jakub Stanisław Luka Tomáš Mikołaj'),
    women: words('Małgorzata Agnieszka Marija Jana Ewa'),
    men: words('Paweł Krzysztof Ivan Zoran Jiří'),
  },
  {
    surnames: words('Kim Park Choi Jung Yoon'),
    girls: words('Seo-yeon Ji-woo Ha-eun Soo-ah Min-ji'),
    boys: words('Min-jun Do-yun Ji-ho Joon Tae-yang'),
    women: words('Eun-ji Hye-jin Soo-jin Mi-kyung Yuna'),
    men: words('Sung-ho Dong-hyun Jae-won Hyun-woo Young-min'),
  },
  {
    surnames: words('Fernando Perera Silva Jayawardena Wickramasinghe'),
    girls: words('Nethmi Sanduni Dinithi Tharushi Amaya'),
    boys: words('Kavindu Dulith Senith Ruwan Nimal'),
    women: words('Chamari Dilani Nirosha Sandya Kumari'),
    men: words('Chaminda Nuwan Lasantha Roshan Asanka'),
  },
  {
    surnames: words('Tuilagi Faleafa Ngata Parata Tamatoa Havea'),
    girls: words('Aroha Mereana Sina Lupe Hine'),
    boys: words('Tane Wiremu Sione Manaia Koa'),
    women: words('Ngaire Losa Hana Mele Ana'),
    men: words('Rangi Tavita Semisi Hemi Pita'),
  },
  {
    surnames: words('García Muñoz Peña Gutiérrez Araújo Gonçalves'),
    girls: words('Lucía Valentina Inês Camila Martina'),
    boys: words('Mateo Joaquín Thiago Emilio João'),
    women: words('Carmen Patrícia Verónica Beatriz Pilar'),
    men: words('Andrés Javier Luís Rafael Óscar'),
  },
  {
    surnames: words('Müller Jørgensen Lindström Øverland Dubois Lefèvre Çelik Yılmaz'),
    girls: words('Frida Astrid Léa Elif Greta'),
    boys: words('Jürgen Søren Théo Emre Anders'),
    women: words('Ingrid Hélène Kirsten Ayşe Birgit'),
    men: words('Bjørn François Mehmet Åke Günther'),
  },
]

/** Families whose names have taught other programs a lesson. */
export interface NamedFamily {
  readonly surname: string
  readonly children: readonly { readonly name: string; readonly age: number; readonly preferred?: string }[]
  readonly adults: readonly string[]
}

export const unusualFamilies: readonly NamedFamily[] = [
  {
    surname: 'Wolfeschlegelsteinhausenbergerdorffwelch',
    children: [
      { name: 'Maximilian', age: 9, preferred: 'Max' },
      { name: 'Theodora', age: 6, preferred: 'Teddy' },
    ],
    adults: ['Friedrich', 'Anneliese'],
  },
  {
    surname: "O'Sullivan",
    children: [
      { name: "D'Arcy", age: 8 },
      { name: 'Niamh', age: 5 },
    ],
    adults: ['Siobhán'],
  },
  {
    surname: 'Fitzgerald-Okonkwo',
    children: [{ name: 'Mary-Jane', age: 11, preferred: 'MJ' }],
    adults: ['Ifeoma', 'Liam'],
  },
  {
    surname: 'الحداد',
    children: [
      { name: 'يوسف', age: 7 },
      { name: 'ليلى', age: 10 },
    ],
    adults: ['محمد', 'سارة'],
  },
  { surname: '王', children: [{ name: '小明', age: 8, preferred: 'Ming' }], adults: ['芳'] },
  { surname: 'Ó Súilleabháin-Đỗ', children: [{ name: 'Zoë', age: 6 }], adults: ['Seán', 'Thuỷ'] },
  {
    surname: 'Li',
    children: [
      { name: 'Bo', age: 4 },
      { name: 'Yi', age: 12 },
    ],
    adults: ['Na'],
  },
  {
    surname: 'van der Berg',
    children: [
      { name: 'Anneke', age: 9 },
      { name: 'Joost', age: 13 },
    ],
    adults: ['Pieter', 'Marijke'],
  },
]
