namespace ResLora.Experiments.Workloads;

/// <summary>What a file of settings to start from says of a workload's models and data.</summary>
/// <param name="ModelFiles">The files of a model's folder.</param>
/// <param name="Task">What the task says.</param>
/// <param name="Data">What data may be.</param>
/// <param name="DataExample">A name of such.</param>
/// <param name="Validation">What validation data may be.</param>
/// <param name="ValidationExample">A name of such.</param>
/// <param name="Columns">An example of columns.</param>
/// <param name="HasLength">Whether samples have a length in tokens to limit.</param>
/// <param name="Further">Blocks of settings that only this workload has, as YAML with comments; empty for none.</param>
internal sealed record TemplateWords(
    string ModelFiles, string Task, string Data, string DataExample, string Validation, string ValidationExample, string Columns, bool HasLength,
    string Further = "");
