// The three procedures: how a citizen looks for each, what somebody answers and attaches, who works on it.
const lan = { requester_name: 'Lê Thị Thu Ngân', requester_number: '999192000017', requester_residence: { ward: '31340', detail: 'Khu vực Bông Súng' } };
const born = { day: '17', month: '4', year: '1992' };

export const extract = {
  code: '2.000635', app: 'civil-extract', search: 'trich luc ho tich', heading: /trích lục/i,
  answers: {
    extract_kind: 'birth_certificate', whose: 'relative', subject_name: 'Lê Văn Ba', registered_at: { ward: '31340' }, registered_year: '1992', copies: '2', ...lan, phone: '0912 345 678',
  },
  // A question answered wrongly first, and what the page says then.
  slip: { page: 'requester', answers: { requester_number: '12345' }, says: /12 chữ số/ },
  papers: { authorisation: ['pdf'] }, supplement: { paper: 'authorisation', answer: 'registered_year' }, supplied: { registered_year: '1993' },
  // What the register says, entered before it goes to the leader.
  facts: { register_number: '45/1993', register_book: '01/1993', register_date: { day: '12', month: '5', year: '1993' }, register_sex: 'male', register_mother: 'Trần Thị Tư' },
  title: 'Lê Văn Ba', fee: 'copy', refusal: 'not_found', reason: /Không tìm thấy việc đăng ký hộ tịch/,
  clerk: 'motcua.ngabay', specialist: 'tuphap.ngabay', leader: 'chutich.ngabay', steps: [],
};

export const birth = {
  code: '1.001193', app: 'birth-registration', search: 'dang ky khai sinh', heading: /khai sinh/i,
  answers: {
    relation: 'mother', parents: 'mother_only', child_name: 'Lê Hoàng Gia Bảo', child_birth_date: { day: '20', month: '2', year: '2026' }, child_sex: 'male',
    birth_place_kind: 'facility', birth_address: { ward: '31340', detail: 'Trung tâm Y tế' }, child_ethnicity: '01', child_home_town: 'phường Ngã Bảy, tỉnh Hậu Giang',
    registered_at: { ward: '31340' }, copies: '1', ...lan, requester_birth_date: born, requester_ethnicity: '01', phone: '0912345678',
  },
  slip: { page: 'child', answers: { child_birth_date: { day: '31', month: '2', year: '2026' } }, says: /ngày/i },
  papers: { birth_proof: ['photo', 'scan'] }, supplement: { paper: 'birth_proof', answer: 'child_home_town' }, supplied: { child_home_town: 'xã Đại Thành, tỉnh Hậu Giang' },
  facts: { register_number: '12/2026', register_book: '01/2026', register_date: { day: '2', month: '3', year: '2026' } },
  title: 'Lê Hoàng Gia Bảo', fee: 'copy', refusal: 'already_registered', reason: /đã được đăng ký khai sinh ở nơi khác/,
  clerk: 'motcua.ngabay', specialist: 'tuphap.ngabay', leader: 'chutich.ngabay', steps: [],
};

export const shop = {
  code: '1.001612', app: 'household-business', search: 'thanh lap ho kinh doanh', heading: /hộ kinh doanh/i,
  answers: {
    acting: 'myself', founders: 'family', members: 'Lê Thị Thu Ngân, Lê Văn Ba', business_name: 'Hộ kinh doanh Bún riêu Thu Ngân', shop_ward: { ward: '31340' }, shop_detail: '12 đường Hùng Vương',
    main_line: 'Quán ăn', capital: '50.000.000', workers: '2', ...lan, requester_birth_date: born, phone: '0912345678',
  },
  slip: { page: 'naming', answers: { business_name: 'Công ty Bún riêu' }, says: /công ty/i },
  papers: { family_authority: ['pdf'] }, supplement: { paper: 'family_authority', answer: 'main_line' }, supplied: { main_line: 'Quán ăn, quán nước' },
  facts: { business_number: '64B8000123', main_line_code: '5610' },
  title: 'Hộ kinh doanh Bún riêu Thu Ngân', fee: 'registration', feeFirst: true, refusal: 'name_taken', reason: /Tên trùng với tên một hộ kinh doanh/,
  clerk: 'motcua.tpngabay', specialist: 'taichinh.tpngabay', leader: 'truongphong.tpngabay',
  // At the same time the ward confirms the place.
  steps: [{ by: 'tuphap.ngabay', outcome: 'confirmed' }],
};
