namespace ResLora.Formats.Errors;

/// <summary>A disk has no room, or the user's share of it has none; the command line ends with an exit code of its own.</summary>
/// <param name="message">What could not be written, where, and what to do.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public sealed class DiskFullException(string message, Exception? inner = null) : ResLoraException(message, inner);
