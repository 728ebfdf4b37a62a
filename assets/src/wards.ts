// Address: choosing a district leaves only its wards in the second list.
// Without this the wards stand grouped by district and any of them can be chosen.
export function filterWards(): void {
  for (const district of document.querySelectorAll<HTMLSelectElement>("select[data-nb-wards]")) {
    const ward = document.getElementById(district.dataset.nbWards ?? "") as HTMLSelectElement | null;
    if (!ward) continue;
    const all = [...ward.querySelectorAll("optgroup")];
    const show = (clear: boolean): void => {
      const chosen = ward.value;
      const code = district.value;
      for (const group of all) {
        // Taken out rather than hidden: iOS shows hidden options.
        if (!code || group.dataset.nbDistrict === code) ward.append(group);
        else group.remove();
      }
      ward.value = clear && ward.selectedOptions[0]?.value !== chosen ? "" : chosen;
      if (ward.selectedIndex < 0) ward.value = "";
    };
    district.addEventListener("change", () => show(true));
    // A ward chosen first tells its district.
    ward.addEventListener("change", () => {
      const code = (ward.selectedOptions[0]?.parentElement as HTMLElement | null)?.dataset.nbDistrict;
      if (code && district.value !== code) {
        district.value = code;
        show(false);
      }
    });
    show(false);
  }
}
