namespace ResLora.Training.Distributed;

/// <summary>The ranks of a job cannot go on together: one of them is lost, late, or not like the others. A sentence for the user.</summary>
/// <param name="message">What happened, and to whom.</param>
/// <param name="inner">The cause; null for none.</param>
public sealed class RanksException(string message, Exception? inner = null) : Exception(message, inner);
