namespace ResLora.Experiments;

/// <summary>
/// A run was carried out and failed, though nothing was wrong with what was asked for: the loss became infinite, a check did not hold.
/// </summary>
/// <param name="message">What happened and what to try.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public sealed class RunFailedException(string message, Exception? inner = null) : Exception(message, inner);
