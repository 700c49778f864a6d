using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ResLora.Tests.Hub;

/// <summary>
/// Plays a hub on this machine: the interface for programs, files that git has, and on a second port, another host for a client, the contents
/// of large files, to which it redirects.
/// </summary>
public sealed class HubServer : IDisposable
{
    private readonly WebApplication _hub;
    private readonly WebApplication _contents;

    public HubServer()
    {
        _hub = Start(Answer);
        _contents = Start(AnswerContents);
    }

    public List<ServedRepository> Repositories { get; } = [];

    /// <summary>All that was asked so far.</summary>
    public ConcurrentQueue<ServedRequest> Requests { get; } = [];

    /// <summary>Answers in place of the hub; says whether it did.</summary>
    public Func<HttpContext, Task<bool>> Instead { get; set; } = _ => Task.FromResult(false);

    /// <summary>Whether parts of contents are sent to those who ask for them.</summary>
    public bool HasRanges { get; set; } = true;

    /// <summary>The mark of all contents.</summary>
    public string Mark { get; set; } = "\"first\"";

    public Uri Address => new(_hub.Urls.Single());

    public Uri ContentsAddress => new(_contents.Urls.Single());

    public ServedRepository Add(string id, string plural = "models")
    {
        var repository = new ServedRepository(plural, id);
        Repositories.Add(repository);
        return repository;
    }

    /// <summary>The paths of all requests for files.</summary>
    public IEnumerable<ServedRequest> Downloads => Requests.Where(request => request.IsContents
        || (request.Method == "GET" && request.Path.Contains("/resolve/", StringComparison.Ordinal)));

    public void Dispose()
    {
        _hub.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _contents.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static WebApplication Start(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.Run(answer);
        application.StartAsync().GetAwaiter().GetResult();
        return application;
    }

    private async Task Answer(HttpContext context)
    {
        Note(context, isContents: false);
        if (await Instead(context))
        {
            return;
        }

        // As it was sent: a revision may hold escaped slashes.
        var path = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        foreach (var repository in Repositories)
        {
            var api = $"/api/{repository.Plural}/{repository.Id}";
            var files = $"/{(repository.Plural == "models" ? "" : "datasets/")}{repository.Id}/resolve/";
            if (path == api || path.StartsWith(api + "/", StringComparison.Ordinal))
            {
                await AnswerApi(context, repository, path[api.Length..].Trim('/').Split('/'));
                return;
            }

            if (path.StartsWith(files, StringComparison.Ordinal))
            {
                await AnswerFile(context, repository, path[files.Length..].Split('/', 2));
                return;
            }
        }

        await Refuse(context, 401, "RepoNotFound", "Invalid username or password.");
    }

    private static async Task AnswerApi(HttpContext context, ServedRepository repository, string[] rest)
    {
        var revision = rest.Length > 1 ? Uri.UnescapeDataString(rest[1]) : "main";
        if (!repository.Knows(revision))
        {
            await Refuse(context, 404, "RevisionNotFound", "Invalid rev id: " + revision);
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(rest[0] == "tree" ? repository.Tree().ToJsonString() : repository.Info().ToJsonString());
    }

    private async Task AnswerFile(HttpContext context, ServedRepository repository, string[] rest)
    {
        var (revision, path) = (Uri.UnescapeDataString(rest[0]), Uri.UnescapeDataString(rest[1]));
        if (!repository.Knows(revision) || !repository.Has(path))
        {
            await Refuse(context, 404, repository.Knows(revision) ? "EntryNotFound" : "RevisionNotFound", "Entry not found");
            return;
        }

        context.Response.Headers["X-Repo-Commit"] = repository.Commit;
        if (repository.IsLarge(path))
        {
            context.Response.Headers["X-Linked-Etag"] = $"\"{repository.Digest(path)}\"";
            context.Response.Headers["X-Linked-Size"] = repository[path].Length.ToString(CultureInfo.InvariantCulture);
            context.Response.Redirect($"{ContentsAddress}contents/{repository.Plural}/{repository.Id}/{path}?signature=for-a-minute");
            return;
        }

        await Send(context, repository[path], $"\"{repository.Digest(path)}\"");
    }

    private async Task AnswerContents(HttpContext context)
    {
        Note(context, isContents: true);
        if (await Instead(context))
        {
            return;
        }

        var path = context.Request.Path.Value!;
        var repository = Repositories.First(one => path.StartsWith($"/contents/{one.Plural}/{one.Id}/", StringComparison.Ordinal));
        await Send(context, repository[path[$"/contents/{repository.Plural}/{repository.Id}/".Length..]], Mark);
    }

    private async Task Send(HttpContext context, byte[] content, string mark)
    {
        var (from, to) = (0, content.Length);
        context.Response.Headers.ETag = mark;
        var changed = context.Request.Headers.IfRange is [{ } known] && known != mark;
        if (HasRanges && !changed && context.Request.GetTypedHeaders().Range?.Ranges.Single() is { From: { } first } range)
        {
            (from, to) = ((int)first, (int)(range.To + 1 ?? content.Length));
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{to - 1}/{content.Length}";
        }

        context.Response.ContentLength = to - from;
        if (context.Request.Method != "HEAD")
        {
            await context.Response.Body.WriteAsync(content.AsMemory(from, to - from));
        }
    }

    /// <summary>An error as the hub words it.</summary>
    public static async Task Refuse(HttpContext context, int status, string? code = null, string? message = null)
    {
        context.Response.StatusCode = status;
        if (code is not null)
        {
            context.Response.Headers["X-Error-Code"] = code;
        }

        if (message is not null)
        {
            context.Response.Headers["X-Error-Message"] = message;
        }

        await context.Response.CompleteAsync();
    }

    private void Note(HttpContext context, bool isContents) => Requests.Enqueue(new ServedRequest(
        context.Request.Method,
        context.Request.Path + context.Request.QueryString.ToString(),
        isContents,
        context.Request.Headers.Authorization.FirstOrDefault(),
        context.Request.Headers.Range.FirstOrDefault(),
        context.Request.Headers.IfRange.FirstOrDefault()));
}
