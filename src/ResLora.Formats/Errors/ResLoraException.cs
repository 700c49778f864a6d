namespace ResLora.Formats.Errors;

/// <summary>
/// Bad input that the user can mend: the message is one clear sentence (what happened, where, what to do) and is shown
/// without a stack trace; the command line ends with exit code 2.
/// </summary>
/// <param name="message">What happened, where (file, tensor, key) and what to do.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public abstract class ResLoraException(string message, Exception? inner = null) : Exception(message, inner);
