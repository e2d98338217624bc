using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace TextualInversion.Tests;

/// <summary>A method, constructor, operator, accessor or local function in a source file.</summary>
/// <param name="Name">The name after that of its type, such as <c>Trainer.Run</c>.</param>
/// <param name="Statements">
/// The number of statements, at any depth and in lambdas too, but without blocks and local functions. An expression
/// body counts as one.
/// </param>
internal sealed record SourceFunction(string Name, int Statements)
{
    /// <summary>The functions with a body in the text of a source file.</summary>
    public static IEnumerable<SourceFunction> In(string code) =>
        from node in CSharpSyntaxTree.ParseText(code).GetRoot().DescendantNodes()
        let body = BodyOf(node)
        where body is not null
        select new SourceFunction($"{TypeOf(node)}.{NameOf(node)}", Count(body));

    private static SyntaxNode? BodyOf(SyntaxNode node) =>
        node switch
        {
            BaseMethodDeclarationSyntax method => (SyntaxNode?)method.Body ?? method.ExpressionBody,
            AccessorDeclarationSyntax accessor => (SyntaxNode?)accessor.Body ?? accessor.ExpressionBody,
            LocalFunctionStatementSyntax local => (SyntaxNode?)local.Body ?? local.ExpressionBody,
            _ => null,
        };

    private static int Count(SyntaxNode body) =>
        (body is ArrowExpressionClauseSyntax ? 1 : 0)
        + body.DescendantNodes(node => node is not LocalFunctionStatementSyntax)
            .OfType<StatementSyntax>()
            .Count(node => node is not (BlockSyntax or EmptyStatementSyntax or LocalFunctionStatementSyntax));

    private static string? TypeOf(SyntaxNode node) =>
        node.FirstAncestorOrSelf<BaseTypeDeclarationSyntax>()?.Identifier.Text;

    private static string NameOf(SyntaxNode node) =>
        node switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
            LocalFunctionStatementSyntax local => local.Identifier.Text,
            OperatorDeclarationSyntax binary => binary.OperatorToken.Text,
            AccessorDeclarationSyntax { Parent.Parent: PropertyDeclarationSyntax property } accessor =>
                $"{property.Identifier.Text}.{accessor.Keyword.Text}",
            _ => node.Kind().ToString(),
        };
}
