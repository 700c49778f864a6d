using ResLora.Training.Loop;

namespace ResLora.Experiments.Running;

/// <summary>Data and model are ready, and training begins.</summary>
/// <param name="Facts">What is trained on what, name and value, in the order to be shown.</param>
public sealed record RunStarted(IReadOnlyList<KeyValuePair<string, string>> Facts) : RunEvent(0);
