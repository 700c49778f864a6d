namespace ResLora.Adapters;

/// <summary>Rows of an embedding that an adapter brings: PEFT's <c>trainable_token_indices</c>.</summary>
/// <param name="Module">The dotted name of the module whose weight they are rows of.</param>
/// <param name="Ids">The tokens, in the order of the stored rows.</param>
public sealed record TrainedTokens(string Module, IReadOnlyList<long> Ids);
