namespace ResLora.Adapters;

/// <summary>What autograd keeps for a block, in numbers of the activations' dtype.</summary>
/// <param name="PerToken">Numbers that it keeps of every token for itself.</param>
/// <param name="KeepsInput">Whether it keeps its layer's input as it is, which it may share with others.</param>
/// <param name="CarriesInput">Whether its layer's input is handed on to a later layer.</param>
/// <param name="CarriedPerToken">Further numbers of every token that are handed on.</param>
/// <param name="Fixed">Numbers that it keeps however many tokens there are. Default 0.</param>
public readonly record struct BlockCost(long PerToken, bool KeepsInput, bool CarriesInput, long CarriedPerToken, long Fixed = 0);
